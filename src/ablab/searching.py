"""Searching: trials of settings, chosen by Optuna, carried out and kept like all runs.

The store is the only memory. A search that goes on asks Optuna for the same trials again and tells it what the store
has of them, so nothing of Optuna's is written to the disk, and a kill costs at most the epoch that was running.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ablab.conduct import conduct
from ablab.course import Course, Wish
from ablab.errors import AblabError, InputError, RecipeError
from ablab.execute import Job, Loader, check_executor, choose
from ablab.metric import metric_of
from ablab.prepare import facts_of
from ablab.recipe import Recipe
from ablab.records import Observer
from ablab.sharing import Shared
from ablab.store.claims import Claims
from ablab.store.labels import keep_own
from ablab.study import Study
from ablab.study.question import toml
from ablab.study.question.search import Choices, Range, Search, search_of
from ablab.study.search import (
    Outcome,
    Settings,
    Side,
    Trial,
    floor_of,
    own_settings,
    search_plan,
    trial_spec,
    words,
)
from ablab.track import Activity, check_trackers, tracking

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset
    from ablab.store import Store

Seen = Callable[[str, Trial], None]  # (whose trial, the trial): what only looks


def search_in(study: Study) -> Search:
    """The search that a study's file asks for."""
    found = toml.read(study.text, study.where).values.get("search")
    if found is None:
        hint = "add a section [search] with lines such as lr = { low = 1e-3, high = 1.0, log = true } and trials = 30"
        raise InputError(f"{study.where}: it does not say what to search: {hint}")
    return checked(found, study)


def checked(found: Any, study: Study) -> Search:
    """A search in the words of a study file, which must suit the study."""
    search, faults = search_of(found, study.named)
    if search is None:
        raise InputError(faults)
    return search


def run_search(
    study: Study,
    search: Search,
    store: Store,
    *,
    show: Seen,
    root: str | None = None,
    executor: str | None = None,
    workers: int | None = None,
    track: Sequence[str] = (),
) -> Outcome:
    """Try settings for every recipe that the search is for, each as often as every other; goes on where it stopped."""
    if importlib.util.find_spec("optuna") is None:
        raise InputError("a search needs Optuna: install it with: pip install 'ablab-experiments[search]'")
    if len(study.parts) > 1:
        raise InputError(f"{study.where}: a search uses one data set, and this study names {len(study.parts)}")
    if executor is None and workers is None:
        executor = study.executor or None
    check_executor(executor, workers)
    check_trackers(track)
    load = Loader(root)
    dataset = load(study.base)
    keep_own(store, facts_of(dataset))
    sides: dict[int, Side] = {}
    job = Job(load, store.checkpoints, search.at_once * len(search.over))
    # The workers of an executor end before their claims, and before what tells of them.
    with contextlib.ExitStack() as open_ones, Claims(store) as claims, choose(executor, workers, job) as chosen:
        activity = Activity(store.folder, name=f"{study.name} search")
        observe = open_ones.enter_context(tracking(track, activity, _nothing))
        courses = [
            open_ones.enter_context(closing(_trials(study, search, name, dataset, store, observe, show)))
            for name in search.over
        ]
        for place, outcome in conduct(courses, store, Shared(chosen, store, claims)):
            if isinstance(outcome, AblabError):
                raise outcome
            sides[place] = outcome
    return Outcome(study, search, tuple(sides[place] for place in range(len(courses))))


def _trials(
    study: Study, search: Search, name: str, dataset: Dataset, store: Store, observe: Observer, show: Seen
) -> Course[Side]:
    """Want the trials of one recipe, a few at a time, each few chosen by what the ones before them came to."""
    from ablab.train.check import check

    recipe, fingerprint = study.named[name], dataset.fingerprint
    planned = search_plan(study, search, name, fingerprint)
    sampler, trials = Sampler(recipe, search), list[Trial]()
    while len(trials) < search.trials:
        asked = [sampler.ask() for _ in range(min(search.at_once, search.trials - len(trials)))]
        floor = floor_of(trials, search.epochs or recipe.epochs) if search.prune == "median" else ""
        tried = [_same(settings, trials) for settings in asked]
        specs = [
            same.run.spec if same else trial_spec(recipe, search, settings, floor, fingerprint)
            for settings, same in zip(asked, tried, strict=True)
        ]
        there = {run.id: run for run in store.runs(spec.id for spec in specs)}
        missing = {spec.id: spec for spec in specs if spec.id not in there}
        for spec in missing.values():
            try:
                check(spec.recipe, dataset, runs=store.weights)
            except RecipeError as error:
                tried_words = words(asked[[each.id for each in specs].index(spec.id)])
                raise InputError(f"a trial of {name} cannot be trained ({tried_words}): {error}") from None
        new = set(missing)
        while missing:
            run = yield Wish(planned, (tuple(missing.values()),), observe)
            there[run.id] = run
            del missing[run.id]
        for settings, spec in zip(asked, specs, strict=True):
            trials.append(Trial(len(trials) + 1, settings, there[spec.id], spec.id in new))
            sampler.tell(trials[-1])
            show(name, trials[-1])
    return Side(name, search.metric, tuple(trials))


def _same(settings: Settings, trials: Sequence[Trial]) -> Trial | None:
    """The trial that has tried the same settings already."""
    return next((trial for trial in trials if trial.settings == settings), None)


def _nothing(_spec: object, _event: object) -> None:
    """Show nothing of a run; a trial is shown when it has ended."""


class Sampler:
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011), asked for settings and told what they gave.

    A trial's settings depend on the seed and on what was told before, so the same calls give the same settings. The
    settings that the recipe has itself are tried first, if they are in the space.
    """

    def __init__(self, recipe: Recipe, search: Search) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.search, self.optuna = search, optuna
        is_up = metric_of(search.metric).direction == "higher"
        self.study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=search.seed), direction="maximize" if is_up else "minimize"
        )
        self.distributions = {key: _distribution(domain) for key, domain in search.space}
        self.asked: list[Any] = []
        if own := own_settings(recipe, search):
            self.study.enqueue_trial(dict(own))

    def ask(self) -> Settings:
        """The settings of one more trial."""
        trial = self.study.ask(self.distributions)
        self.asked.append(trial)
        domains = dict(self.search.space)
        return {
            key: domain.rounded(trial.params[key]) if isinstance(domain, Range) else trial.params[key]
            for key, domain in domains.items()
        }

    def tell(self, trial: Trial) -> None:
        """What the next trial that was asked for came to; trials are told in the order in which they were asked."""
        theirs, value = self.asked[trial.number - 1], trial.value(self.search.metric)
        if value is not None:
            self.study.tell(theirs, value)
            return
        if trial.is_pruned:
            for row in trial.run.curve:
                theirs.report(_progress(row.val_accuracy, self.search), row.epoch)
        # Without a value on the way it counts as worse than all that have one.
        self.study.tell(theirs, state=self.optuna.trial.TrialState.PRUNED)


def _progress(accuracy: float, search: Search) -> float:
    """The accuracy of a trial that ended early, turned so that better ones lie where the metric's better values do."""
    return accuracy if metric_of(search.metric).direction == "higher" else -accuracy


def _distribution(domain: Range | Choices) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(domain, Choices):
        return CategoricalDistribution(domain.values)
    if domain.is_whole:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.is_log)
    return FloatDistribution(domain.low, domain.high, log=domain.is_log)

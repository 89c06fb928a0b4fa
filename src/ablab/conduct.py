"""conduct(): decide, execute, store, until nothing is wanted. The one place that knows both sides."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import AblabError, StudyError
from ablab.execute import Executor, Job, Loader, choose
from ablab.recipe import Recipe
from ablab.records import DataFacts, Observer, Run, RunSpec
from ablab.result import Result, study_of, tuned_rates
from ablab.study import Decision, Plan, Study, decide, plan
from ablab.study.forecast import Foresight, during
from ablab.study.question.lock import changes
from ablab.study.tuning import Tuned
from ablab.track import Activity, tracking

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Splits
    from ablab.probe.lr_find import RangeTest
    from ablab.store import Store


Foreseen = tuple[Plan, Foresight]
MEASURING = 0.15  # of an epoch's training time, for measuring the validation images after it


def conduct(plan: Plan, store: Store, execute: Executor, observe: Observer, labels: Sequence[int] | None) -> Decision:
    """Train what is wanted until every verdict stands. The store is the only memory, so a killed study goes on.

    It decides again after every run, so no slot waits for others. Looks are at pairs in the order of seeds, from the
    first: neither the order in which runs finish nor runs of later seeds can change one.
    """
    runs: dict[str, Run] = {}
    decision = _look(plan, store, runs, labels)
    due = decision.wanted

    def wanted() -> Sequence[RunSpec]:
        return ahead(plan, decision, runs, execute.slots)

    for run in execute(wanted, observe):
        keep(dataclasses.replace(run, plan=plan.hash), store)
        observe(run.spec, run)
        if plan.study.rule.budget and any(spec.id not in runs and spec.id != run.id for spec in due):
            runs[run.id] = run  # a budget that is spent in the middle of a pair lets it be completed
            continue
        decision = _look(plan, store, runs, labels)
        if all(spec.id in runs for spec in due):
            observe(run.spec, during(plan, decision, runs.values()))
            due = decision.wanted
    return decision


def _look(plan: Plan, store: Store, runs: dict[str, Run], labels: Sequence[int] | None) -> Decision:
    """The decision on all runs that the store has now; those that are in memory already are not read again."""
    runs |= {run.id: run for run in store.runs(spec.id for spec in plan.most if spec.id not in runs)}
    return decide(plan, runs.values(), labels=labels)


def ahead(plan: Plan, decision: Decision, there: Mapping[str, Run], slots: int) -> tuple[RunSpec, ...]:
    """What a decision wants, and behind it, for slots that would stand idle, later seeds of what is undecided.

    A run that is not in here cannot count any more, and does not come back; so no run is started twice. With one slot
    there is none that stands idle. With a budget every run is spent from it, so none is trained on suspicion.
    """
    wanted = tuple(spec for spec in decision.wanted if spec.id not in there)
    if slots == 1 or not wanted or plan.study.rule.budget:
        return wanted
    ends = useful_seeds(plan, decision, there)
    urgent = {spec.id for spec in wanted}
    later = (spec for spec in plan.most if plan.place(spec) < ends.get(spec.recipe.hash, 0))
    return (*wanted, *(spec for spec in later if spec.id not in there and spec.id not in urgent))


def useful_seeds(plan: Plan, decision: Decision, there: Mapping[str, Run]) -> dict[str, int]:
    """For every recipe the number of first seeds of which a run could still count; none of what is decided.

    A run without an accuracy ends the pairs before it, so later seeds count for nothing.
    """
    margin, most = plan.study.rule.margin, plan.study.rule.seeds[1]
    failed: dict[str, int] = {}
    for run in there.values():
        if run.test is None:
            hash_, place = run.spec.recipe.hash, plan.place(run.spec)
            failed[hash_] = min(place, failed.get(hash_, most))
    base, ends = plan.study.base.hash, dict.fromkeys((recipe.hash for recipe in plan.study.recipes), 0)
    for variant, verdict in zip(plan.study.variants, decision.verdicts, strict=True):
        if not (verdict.looks and verdict.looks[-1].decides(margin)):
            end = min(most, 1 + min(failed.get(base, most), failed.get(variant.recipe.hash, most)))
            ends |= {variant.recipe.hash: max(end, ends[variant.recipe.hash]), base: max(end, ends[base])}
    return ends


def keep(run: Run, store: Store) -> None:
    """Put a run into the store; from then on its checkpoint is of no use."""
    from ablab.execute.checkpoints import forget

    store.add(run)
    forget(checkpoints(store), run.id)


def weights_path(store: Store, id_: str) -> Path:
    """Where the weights of a single run are kept; a study, which may have hundreds of runs, keeps none."""
    return store.folder / "weights" / f"{id_}.safetensors"


def checkpoints(store: Store) -> Path:
    """The folder for runs that are not done."""
    return store.folder / "checkpoints"


def run_study(
    study: Study,
    store: Store,
    *,
    root: str | None = None,
    show: Callable[[Plan], Observer],
    skip_unreadable: bool = False,
    executor: str | None = None,
    workers: int | None = None,
    track: Sequence[str] = (),
    is_new: bool = False,
    explores: bool = False,
) -> Result:
    """Carry out a study, from where it stands, with the executor that is named, or so many runs at a time as suit.

    A study that has begun under other rules is refused, unless this is said to be a new one. One that explores uses
    validation images in the place of test images, seeds that no other run has, and leaves the ledger alone.
    """
    load = Loader(root, skip_unreadable)
    planned, dataset = _planned(study, load, explores=explores)
    if not is_new and not explores:
        _check_locked(planned, store)
    if study.rule.most_seconds is not None:
        _check_budget(planned, _foresee(planned, dataset, store))
    data = _facts(dataset)
    store.keep_data(data)
    if not explores:
        store.keep_study(planned.kept)
    job = Job(load, checkpoints(store), len(planned.wanted))
    least, most = len(planned.wanted), len(planned.most)
    activity = Activity(store.folder, planned.hash, study.name, Path(study.where), least, most)
    with tracking(track, activity, show(planned)) as observe:
        with choose(executor, workers, job) as execute:  # its workers end before what tells of them
            decision = conduct(planned, store, execute, observe, None if explores else data.labels)
            chosen = _tune(planned, store, execute, observe) if study.tune and not explores else None
        runs = tuple(store.runs(run.id for run in planned.most))
        result = Result(study, planned, runs, decision, store.ledger(planned.hash), store.data(planned.fingerprint))
        observe.decided(json.loads(result.to_json()))
    if chosen is None:
        return result
    after = run_study(
        chosen.study,
        store,
        root=root,
        show=show,
        skip_unreadable=skip_unreadable,
        executor=executor,
        workers=workers,
        track=track,
        is_new=True,
    )
    return dataclasses.replace(result, tuned=chosen, after_tuning=after)


def _tune(planned: Plan, store: Store, execute: Executor, show: Observer) -> Tuned:
    """Carry out the trials that are not there yet, and choose a rate for every recipe."""

    def train(missing: list[RunSpec]) -> None:
        for run in execute(lambda: missing, show):
            keep(dataclasses.replace(run, plan=planned.hash), store)
            show(run.spec, run)

    chosen = tuned_rates(planned, store, train)
    assert chosen is not None  # every trial is there, or an error was raised
    return chosen


def find_rate(recipe: Recipe, seed: int, *, root: str | None = None, steps: int = 300) -> RangeTest:
    """The range test of a recipe on its data."""
    from ablab.probe.lr_find import range_test

    return range_test(recipe, prepared(recipe, seed, root)[1], seed, steps)


def prepared(recipe: Recipe, seed: int, root: str | None = None) -> tuple[Dataset, Splits]:
    """The data of a recipe, checked, and what a run with this seed trains on."""
    from ablab.train.check import check
    from ablab.train.splits import splits_of

    dataset = Loader(root)(recipe)
    check(recipe, dataset)
    return dataset, splits_of(recipe, dataset, seed)


def foresee_study(
    study: Study, store: Store | None, *, root: str | None = None, skip_unreadable: bool = False
) -> Foreseen:
    """What a study will cost and what it can see; a few steps of each recipe are timed, none is kept."""
    planned, dataset = _planned(study, Loader(root, skip_unreadable))
    return planned, _foresee(planned, dataset, store)


def _foresee(planned: Plan, dataset: Dataset, store: Store | None) -> Foresight:
    from ablab.events import Started
    from ablab.study.forecast import before, measured_seconds
    from ablab.train.loop import train
    from ablab.train.splits import splits_of

    runs = store.runs(run.id for run in planned.most) if store else []
    seconds = measured_seconds(runs)
    for recipe in planned.study.recipes:
        if recipe.hash in seconds:
            continue
        splits = splits_of(recipe, dataset, 0)
        begun = time.monotonic()
        started = next(train(recipe, splits, 0))
        assert isinstance(started, Started)
        # Before its first epoch a run measures its validation images once, as it does after every epoch.
        seconds[recipe.hash] = recipe.epochs * started.epoch_seconds * (1 + MEASURING) + time.monotonic() - begun
    labels = dataset.test.labels.tolist()
    return before(planned, runs, labels=labels, test_images=len(labels), seconds=seconds)


def _check_locked(planned: Plan, store: Store) -> None:
    """Raise if a study of this name has runs under another plan: rules that follow results decide nothing."""
    name, there = planned.study.name, set(store.ids())
    for kept in store.studies():
        if kept.name != name or kept.fingerprint != planned.fingerprint or kept.plan == planned.hash or not kept.text:
            continue
        try:
            before = plan(study_of(kept), kept.fingerprint)
        except AblabError:  # a text that cannot be read any more binds nobody
            continue
        if there.isdisjoint(run.id for run in before.most):
            continue
        listed = "\n    ".join(changes(before.study, planned.study)) or "the version of the rules that decide"
        raise StudyError(
            f"{planned.study.where}: this study was begun as plan {kept.plan}, and has been changed since:\n"
            f"    {listed}\nundo that to go on; to start a new study with it, which the ledger counts, say --new, or "
            "give the file another name"
        )


def _check_budget(planned: Plan, foresight: Foresight) -> None:
    """Raise for a time that is over before the first verdict."""
    rule = planned.study.rule
    least = planned.study.rule.seeds[0] * len(planned.study.recipes)
    if foresight.minutes and rule.most_seconds and 60 * foresight.minutes[0] > rule.most_seconds:
        enough = math.ceil(foresight.minutes[0] * 1.1)
        raise StudyError(
            f"{planned.study.where}: budget = {rule.budget}: the {least} runs before the first verdict take about "
            f'{60 * foresight.minutes[0]:.0f} s; the smallest budget that is enough is about "{enough}m"'
        )


def _facts(dataset: Dataset) -> DataFacts:
    """What verdicts and reports need of a data set."""
    labels = tuple(dataset.test.labels.tolist())
    return DataFacts(dataset.fingerprint, dataset.name, dataset.classes, labels, dataset.in_shape)


def _planned(study: Study, load: Loader, *, explores: bool = False) -> tuple[Plan, Dataset]:
    """The plan of a study, everything about it checked against the data, and the data."""
    from ablab.train.check import check

    for recipe in study.recipes:
        check(recipe, load(recipe))
    dataset = load(study.base)
    for variant in study.variants:
        if load(variant.recipe).fingerprint != dataset.fingerprint:
            raise StudyError(
                f'{study.where}: variant "{variant.name}" changes the images; pairs need the same images on both sides'
            )
    return plan(study, dataset.fingerprint, explores=explores), dataset


def train_one(
    recipe: Recipe,
    seed: int,
    store: Store,
    *,
    root: str | None = None,
    show: Observer,
    skip_unreadable: bool = False,
    track: Sequence[str] = (),
) -> tuple[Run, bool]:
    """One recipe with one seed, and whether it was trained now: a run that is in the store is not trained again."""
    from ablab.events import Finished
    from ablab.execute.checkpoints import carry_out
    from ablab.execute.run_one import trained
    from ablab.train.check import check
    from ablab.train.trained import keep as keep_weights

    dataset = Loader(root, skip_unreadable)(recipe)
    check(recipe, dataset)
    wanted = RunSpec(recipe, seed, dataset.fingerprint)
    if known := store.runs([wanted.id]):
        return known[0], False
    store.keep_data(_facts(dataset))
    with tracking(track, Activity(store.folder), show) as observe:

        def keeping_weights(spec: RunSpec, event: Any) -> None:
            observe(spec, event)
            if isinstance(event, Finished):
                keep_weights(trained(event, spec, dataset), weights_path(store, spec.id))

        run = carry_out(wanted, dataset, keeping_weights, checkpoints(store))
        keep(run, store)
        observe(wanted, run)
    return run, True


def pictures_of(planned: Plan, root: str | None = None) -> Any:
    """The test images that a study's runs were measured on, u8[N,C,H,W]; None where these images are not at hand."""
    try:
        dataset = Loader(root)(planned.study.base)
    except AblabError:
        return None
    return dataset.test.images if dataset.fingerprint == planned.fingerprint else None

"""conduct(): decide, execute, store, until nothing is wanted. The one place that knows both sides."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import AblabError, StudyError
from ablab.execute import Executor, Loader, checkpoint_path, previous_checkpoint
from ablab.recipe import Recipe
from ablab.records import DataFacts, Observer, Run, RunSpec
from ablab.result import Result, study_of, tuned_rates
from ablab.study import Decision, Plan, Study, decide, plan
from ablab.study.foresight import Foresight
from ablab.study.projection import project
from ablab.study.question.lock import changes
from ablab.study.tuning import Tuned

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Splits
    from ablab.probe.lr_find import RangeTest
    from ablab.store import Store


Foreseen = tuple[Plan, Foresight]
MEASURING = 0.15  # of an epoch's training time, for measuring the validation images after it


def conduct(plan: Plan, store: Store, execute: Executor, show: Observer, labels: Sequence[int] | None) -> Decision:
    """Train what is wanted until every verdict stands. The store is the only memory, so a killed study goes on."""
    last: RunSpec | None = None
    while True:
        runs = store.runs(run.id for run in plan.most)
        decision = decide(plan, runs, labels=labels)
        if last:
            show(last, project(plan, decision, runs))
        if not decision.wanted:
            return decision
        for run in execute(decision.wanted, show):
            keep(dataclasses.replace(run, plan=plan.hash), store)
            last = run.spec


def keep(run: Run, store: Store) -> None:
    """Put a run into the store; from then on its checkpoint is of no use."""
    from ablab.track import progress

    store.add(run)
    path = checkpoint_path(checkpoints(store), run.id)
    for one in (path, previous_checkpoint(path)):
        one.unlink(missing_ok=True)
    progress.forget(store.folder, run.id)


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
    workers: int | None = None,
    is_new: bool = False,
    explores: bool = False,
) -> Result:
    """Carry out a study, from where it stands, with as many runs at a time as suit or as are given.

    A study that has begun under other rules is refused, unless this is said to be a new one. One that explores uses
    validation images in the place of test images, seeds that no other run has, and leaves the ledger alone.
    """
    from ablab.execute.workers import suitable_workers
    from ablab.track import progress

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
    number = workers or suitable_workers(len(planned.wanted))
    with (
        progress.of_study(
            store.folder,
            plan=planned.hash,
            name=study.name,
            path=Path(study.where),
            least=len(planned.wanted),
            most=len(planned.most),
        ) as follow,
        executor(load, checkpoints(store), number) as execute,  # its workers end before what tells of them
    ):
        followed = follow(show(planned))
        decision = conduct(planned, store, execute, followed, None if explores else data.labels)
        chosen = _tune(planned, store, execute, followed) if study.tune and not explores else None
    runs = tuple(store.runs(run.id for run in planned.most))
    result = Result(study, planned, runs, decision, store.ledger(planned.hash), store.data(planned.fingerprint))
    if chosen is None:
        return result
    options = {"root": root, "skip_unreadable": skip_unreadable, "workers": workers}
    after = run_study(chosen.study, store, show=show, is_new=True, **options)  # type: ignore[arg-type]
    return dataclasses.replace(result, tuned=chosen, after_tuning=after)


def _tune(planned: Plan, store: Store, execute: Executor, show: Observer) -> Tuned:
    """Carry out the trials that are not there yet, and choose a rate for every recipe."""

    def train(missing: list[RunSpec]) -> None:
        for run in execute(missing, show):
            keep(dataclasses.replace(run, plan=planned.hash), store)

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


def executor(load: Loader, checkpoints: Path, workers: int) -> AbstractContextManager[Executor]:
    """Where runs are carried out: in this process, or in several side by side."""
    from ablab.execute.here import Here
    from ablab.execute.workers import Workers

    return nullcontext(Here(load, checkpoints)) if workers == 1 else Workers(load, checkpoints, workers)


def foresee_study(
    study: Study, store: Store | None, *, root: str | None = None, skip_unreadable: bool = False
) -> Foreseen:
    """What a study will cost and what it can see; a few steps of each recipe are timed, none is kept."""
    planned, dataset = _planned(study, Loader(root, skip_unreadable))
    return planned, _foresee(planned, dataset, store)


def _foresee(planned: Plan, dataset: Dataset, store: Store | None) -> Foresight:
    from ablab.events import Started
    from ablab.study.foresight import foresee
    from ablab.train.loop import train
    from ablab.train.splits import splits_of

    runs = store.runs(run.id for run in planned.most) if store else []
    seconds = {}
    for recipe in planned.study.recipes:
        done = [run.cost.wall_seconds for run in runs if run.spec.recipe.hash == recipe.hash]
        if done:
            seconds[recipe.hash] = sum(done) / len(done)
            continue
        splits = splits_of(recipe, dataset, 0)
        begun = time.monotonic()
        started = next(train(recipe, splits, 0))
        assert isinstance(started, Started)
        # Before its first epoch a run measures its validation images once, as it does after every epoch.
        seconds[recipe.hash] = recipe.epochs * started.epoch_seconds * (1 + MEASURING) + time.monotonic() - begun
    labels = dataset.test.labels.tolist()
    return foresee(planned, runs, labels=labels, test_images=len(labels), seconds=seconds)


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
    recipe: Recipe, seed: int, store: Store, *, root: str | None = None, show: Observer, skip_unreadable: bool = False
) -> tuple[Run, bool]:
    """One recipe with one seed, and whether it was trained now: a run that is in the store is not trained again."""
    from ablab.execute.run_one import run_one
    from ablab.track import progress
    from ablab.train.check import check

    dataset = Loader(root, skip_unreadable)(recipe)
    check(recipe, dataset)
    wanted = RunSpec(recipe, seed, dataset.fingerprint)
    if known := store.runs([wanted.id]):
        return known[0], False
    store.keep_data(_facts(dataset))
    followed = progress.recorded(show, store.folder)
    run = run_one(wanted, dataset, followed, checkpoints(store), weights_path(store, wanted.id))
    keep(run, store)
    return run, True


def pictures_of(planned: Plan, root: str | None = None) -> Any:
    """The test images that a study's runs were measured on, u8[N,C,H,W]; None where these images are not at hand."""
    try:
        dataset = Loader(root)(planned.study.base)
    except AblabError:
        return None
    return dataset.test.images if dataset.fingerprint == planned.fingerprint else None

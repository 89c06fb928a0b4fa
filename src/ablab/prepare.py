"""Prepare: what comes before the first run: the data, every check that needs it, and the forecast."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ablab.begun import asked
from ablab.errors import AblabError, StudyError
from ablab.execute import Loader
from ablab.recipe import Recipe
from ablab.records import DataFacts
from ablab.study import Plan, Study, plan
from ablab.study.forecast import Foresight

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Splits
    from ablab.probe.lr_find import RangeTest
    from ablab.store import Store

MEASURING = 0.15  # of an epoch's training time, for measuring the validation images after it


def prepared(recipe: Recipe, seed: int, root: str | None = None, store: Store | None = None) -> tuple[Dataset, Splits]:
    """The data of a recipe, checked, and what a run with this seed trains on. The store has runs to start from."""
    from ablab.train.check import check
    from ablab.train.splits import splits_of

    dataset = Loader(root)(recipe)
    check(recipe, dataset, runs=store.weights if store else None)
    return dataset, splits_of(recipe, dataset, seed)


def planned_on_data(
    study: Study, load: Loader, store: Store | None = None, *, explores: bool = False
) -> tuple[Plan, Dataset]:
    """The plan of a study, everything about it checked against the data, and the data."""
    from ablab.train.check import check

    for recipe in study.recipes:
        check(recipe, load(recipe), runs=store.weights if store else None)
    dataset = load(study.base)
    for variant in study.variants:
        if load(variant.recipe).fingerprint != dataset.fingerprint:
            raise StudyError(
                f'{study.where}: variant "{variant.name}" changes the images; both runs of a pair need the same images'
            )
    planned = plan(study, dataset.fingerprint, explores=explores)
    for each in planned.by_metric if explores else ():
        if each.metric.of_images:
            raise StudyError(
                f"{study.where}: metric = {each.metric.name}: it uses test images, and exploring runs never "
                "measure them"
            )
    planned = planned.on(facts_of(dataset))
    _ = [each.metric for each in planned.by_metric]  # which need to be there in these data
    return planned, dataset


def facts_of(dataset: Dataset) -> DataFacts:
    """What verdicts and reports need of a data set."""
    labels = tuple(dataset.test.labels.tolist())
    return DataFacts(dataset.fingerprint, dataset.name, dataset.classes, labels, dataset.in_shape)


def pictures_of(planned: Plan, root: str | None = None) -> Any:
    """The test images that a study's runs were measured on, u8[N,C,H,W]; None where these images are not at hand."""
    try:
        dataset = Loader(root)(planned.study.base)
    except AblabError:
        return None
    return dataset.test.images if dataset.fingerprint == planned.fingerprint else None


def find_rate(recipe: Recipe, seed: int, *, root: str | None = None, steps: int = 300) -> RangeTest:
    """The range test of a recipe on its data."""
    from ablab.probe.lr_find import range_test

    return range_test(recipe, prepared(recipe, seed, root)[1], seed, steps)


def foresee_study(
    study: Study,
    store: Store | None,
    *,
    root: str | None = None,
    skip_unreadable: bool = False,
    reuses: bool = False,
) -> tuple[Plan, Foresight]:
    """What a study will cost and what it can see; a few steps of each recipe are timed, none is kept."""
    planned, dataset = planned_on_data(study, Loader(root, skip_unreadable), store)
    if store:
        planned = asked(planned, store, reuses=reuses)
    return planned, foresee(planned, dataset, store)


def foresee(planned: Plan, dataset: Dataset, store: Store | None) -> Foresight:
    from ablab.events import Started
    from ablab.study.forecast import before, measured_seconds
    from ablab.train.loop import batch_sizes, train
    from ablab.train.splits import splits_of

    runs = store.runs(run.id for run in planned.most) if store else []
    seconds = measured_seconds(runs)
    for recipe in planned.study.recipes:
        if recipe.hash in seconds:
            continue
        splits = splits_of(recipe, dataset, 0)
        begun = time.monotonic()
        started = next(train(recipe, splits, 0, runs=store.weights if store else None))
        assert isinstance(started, Started)
        # Before its first epoch a run measures its validation images once, as it does after every epoch.
        seconds[recipe.hash] = recipe.epochs * started.epoch_seconds * (1 + MEASURING) + time.monotonic() - begun
    labels = dataset.test.labels.tolist()
    base, planned = planned.study.base, planned.on(facts_of(dataset))
    steps = len(batch_sizes(len(splits_of(base, dataset, 0).train), base.batch, drops_last=base.drop_last))
    return before(planned, runs, labels=labels, test_images=len(labels), seconds=seconds, steps=steps)


def check_budget(planned: Plan, foresight: Foresight) -> None:
    """Raise for a time that is over before the first verdict."""
    rule = planned.study.rule
    least = planned.study.rule.seeds[0] * len(planned.study.recipes)
    if foresight.minutes and rule.most_seconds and 60 * foresight.minutes[0] > rule.most_seconds:
        enough = math.ceil(foresight.minutes[0] * 1.1)
        raise StudyError(
            f"{planned.study.where}: budget = {rule.budget}: the {least} runs before the first verdict take about "
            f'{60 * foresight.minutes[0]:.0f} s; the smallest budget that is enough is about "{enough}m"'
        )

"""Prepare: what comes before the first run: the data, every check that needs it, the forecast, the lock on a plan."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.errors import AblabError, StudyError
from ablab.execute import Loader
from ablab.nouns import counted, duration
from ablab.recipe import Recipe
from ablab.records import DataFacts
from ablab.result import askings, begun, plan_of, result_of
from ablab.study import Plan, Study, plan
from ablab.study.forecast import Foresight
from ablab.study.question.lock import changes
from ablab.study.question.rule import MOST_ROOTS
from ablab.study.roots import at_root

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Splits
    from ablab.probe.lr_find import RangeTest
    from ablab.store import Store

MEASURING = 0.15  # of an epoch's training time, for measuring the validation images after it


def weights_folder(store: Store) -> Path:
    """Where a store keeps the weights of runs: those of `ablab train`, and of studies with `keep = "weights"`."""
    return store.folder / "weights"


def prepared(recipe: Recipe, seed: int, root: str | None = None, store: Store | None = None) -> tuple[Dataset, Splits]:
    """The data of a recipe, checked, and what a run with this seed trains on. The store has runs to start from."""
    from ablab.train.check import check
    from ablab.train.splits import splits_of

    dataset = Loader(root)(recipe)
    check(recipe, dataset, runs=weights_folder(store) if store else None)
    return dataset, splits_of(recipe, dataset, seed)


def planned_on_data(
    study: Study, load: Loader, store: Store | None = None, *, explores: bool = False
) -> tuple[Plan, Dataset]:
    """The plan of a study, everything about it checked against the data, and the data."""
    from ablab.train.check import check

    for recipe in study.recipes:
        check(recipe, load(recipe), runs=weights_folder(store) if store else None)
    dataset = load(study.base)
    for variant in study.variants:
        if load(variant.recipe).fingerprint != dataset.fingerprint:
            raise StudyError(
                f'{study.where}: variant "{variant.name}" changes the images; pairs need the same images on both sides'
            )
    planned = plan(study, dataset.fingerprint, explores=explores)
    for asked in planned.by_metric if explores else ():
        if asked.metric.of_images:
            raise StudyError(
                f"{study.where}: metric = {asked.metric.name}: it counts test images, which no run that explores sees"
            )
    planned = planned.on(facts_of(dataset))
    _ = [asked.metric for asked in planned.by_metric]  # which need to be there in these data
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
        started = next(train(recipe, splits, 0, runs=weights_folder(store) if store else None))
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


def asked(planned: Plan, store: Store, *, reuses: bool = False) -> Plan:
    """The plan as a store has begun it; a new one has fresh seeds, unless it names its own or may reuse runs."""
    known = begun(planned, store)
    if reuses or planned.study.rule.root or store.ledger(known.hash):
        return known
    return with_fresh_seeds(planned, store)


def with_fresh_seeds(planned: Plan, store: Store) -> Plan:
    """The plan with seeds whose runs nobody has seen: those of root 0 while no run of them is there, else of another.

    A person who knows results can choose a margin, a number of seeds or a variant that they favor. So a new plan does
    not rest on them.
    """
    if not (seen := _seen(planned, store)):
        return planned
    there = store.runs(seen & set(store.ids()))
    judges = dict.fromkeys(look.plan for look in store.judged(seen))
    known = f" by plan {', '.join(judges)}" if judges else ""
    saved = sum(run.cost.wall_seconds for run in there)
    cost = f"; to train {'it' if len(there) == 1 else 'them'} again takes about {duration(saved)}" if there else ""
    fresh = _at_free_root(planned, store)
    note = (
        f"fresh seeds (root {fresh.study.rule.root}): {counted(len(seen), 'run')} that this study would use "
        f"{'has' if len(seen) == 1 else 'have'} been seen{known}{cost}. --reuse takes them, and the verdicts say so"
    )
    return dataclasses.replace(fresh, note=note)


def replicated(planned: Plan, store: Store) -> Plan:
    """The same question once more: a replication that is not done goes on, else one with the next free seeds begins."""
    where, known = planned.study.where, askings(planned.study, planned.fingerprint, store)
    if not known:
        raise StudyError(f"{where}: there is nothing to replicate yet: run it once without --replicate")
    if planned.study.rule.root:
        raise StudyError(f"{where}: it names its root: leave root out, and --replicate takes the next one")
    if len(known) > 1 and result_of(known[-1], store).decision.wanted:
        return known[-1]
    if len(known) == 1 and result_of(known[0], store).decision.wanted:
        raise StudyError(f"{where}: its first answer is not complete yet: run it without --replicate, which goes on")
    fresh = _at_free_root(known[0], store)
    note = f"a replication of plan {known[0].hash}, with the seeds of root {fresh.study.rule.root}"
    return dataclasses.replace(fresh, note=note)


def in_one_round(planned: Plan, others: Sequence[Plan], store: Store) -> Plan:
    """The replication of a study on one of its data sets, in step with those on the others.

    While one of these goes on, as after a kill, a data set that is done with this round is not asked another time.
    """
    known = _all_askings(planned, store)
    there = [(other, _all_askings(other, store)) for other in others if other.study.where == planned.study.where]
    going_on = [len(asked) for other, asked in there if other.hash in {one.hash for one in asked}]
    is_fresh = planned.hash not in {one.hash for one in known}
    return known[-1] if is_fresh and going_on and len(known) >= min(going_on) else planned


def _all_askings(planned: Plan, store: Store) -> list[Plan]:
    """The plans with the seeds of any root by which the question of this one was asked."""
    return askings(at_root(planned, 0).study, planned.fingerprint, store)


def _seen(planned: Plan, store: Store) -> set[str]:
    """The runs of a plan that are there, or were removed."""
    own = {spec.id for spec in planned.most}
    return own & {*store.ids(), *(grave.run for grave in store.removed())}


def _at_free_root(planned: Plan, store: Store) -> Plan:
    for root in range(1, MOST_ROOTS + 1):
        if not _seen(fresh := at_root(planned, root), store):
            return fresh
    raise StudyError(f"{planned.study.where}: all {MOST_ROOTS} roots have been used: --reuse takes runs that were seen")


def check_locked(planned: Plan, store: Store) -> None:
    """Raise if a study of this name has runs under another plan: rules that follow results decide nothing."""
    name, there = planned.study.name, set(store.ids())
    for kept in store.studies():
        if kept.name != name or kept.fingerprint != planned.fingerprint or kept.plan == planned.hash or not kept.text:
            continue
        try:
            before = plan_of(kept)
        except AblabError:  # a text that cannot be read any more binds nobody
            continue
        is_same = at_root(before, planned.study.rule.root).hash == planned.hash  # with other seeds
        if is_same or there.isdisjoint(run.id for run in before.most):
            continue
        listed = "\n    ".join(changes(before.study, planned.study)) or "the version of the rules that decide"
        raise StudyError(
            f"{planned.study.where}: this study was begun as plan {kept.plan}, and has been changed since:\n"
            f"    {listed}\nundo that to go on; to start a new study with it, which the ledger counts and whose "
            "verdicts say how many runs were known before, say --new"
        )

"""conduct(): decide, execute, store, until nothing is wanted. The one place that knows both sides."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.errors import AblabError
from ablab.execute import Executor, Job, Loader, Wanted, check_executor, choose
from ablab.prepare import asked, check_budget, check_locked, facts_of, foresee, planned_on_data, replicated
from ablab.recipe import Recipe
from ablab.records import Judged, Observer, Run, RunSpec
from ablab.result import Result, askings, begun, result_of, tuned_rates
from ablab.sharing import Shared, awaited
from ablab.store.claims import Claims
from ablab.store.history import now
from ablab.store.labels import keep_own
from ablab.study import Decision, Plan, Study, decide
from ablab.study.ahead import ahead
from ablab.study.forecast import during
from ablab.track import Activity, check_trackers, tracking
from ablab.track.progress import is_stop_requested

if TYPE_CHECKING:
    from ablab.store import Store


def conduct(
    plan: Plan,
    store: Store,
    execute: Executor,
    observe: Observer,
    labels: Sequence[int] | None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Decision:
    """Train what is wanted until every verdict stands. The store is the only memory, so a killed study goes on.

    It decides again after every run, so no slot waits for others. Looks are at pairs in the order of seeds, from the
    first: neither the order in which runs finish nor runs of later seeds can change one.
    """
    runs: dict[str, Run] = {}
    decision = _look(plan, store, runs, labels)
    due = decision.wanted

    def wanted() -> Sequence[RunSpec]:
        return ahead(plan, decision, runs, execute.slots)

    for run in _carried_out(plan, store, execute, wanted, observe, is_stopping):
        if plan.study.rule.budget and any(spec.id not in runs and spec.id != run.id for spec in due):
            runs[run.id] = run  # a budget that is spent in the middle of a pair lets it be completed
            continue
        decision = _look(plan, store, runs, labels)
        if all(spec.id in runs for spec in due):
            observe(run.spec, during(plan, decision, runs.values()))
            due = decision.wanted
    return decision


def _carried_out(
    plan: Plan, store: Store, execute: Executor, wanted: Wanted, observe: Observer, is_stopping: Callable[[], bool]
) -> Iterator[Run]:
    """Runs as they finish, each kept and told. A study that is asked to stop wants nothing more and ends as by Ctrl-C.

    So it is the executor that stops what is on its way, and every run keeps its last epoch.
    """
    for run in execute(lambda: () if is_stopping() else wanted(), observe):
        keep(dataclasses.replace(run, plan=plan.hash), store)
        observe(run.spec, run)
        yield run
    if is_stopping():
        raise KeyboardInterrupt


def _lock(planned: Plan, store: Store, locked: str) -> None:
    """Lock a plan that is new, and note that it judges those of its runs that are there."""
    time = now()
    store.keep_study(dataclasses.replace(planned.kept, locked=locked or time))
    there = store.runs(spec.id for spec in planned.possible)
    store.judge(Judged(run.id, planned.hash, time) for run in there)


def _as_begun(
    planned: Plan, store: Store, *, is_new: bool = False, reuses: bool = False, replicates: bool = False
) -> Plan:
    """The plan as it was begun; refused if the study was changed since, and is no new one. One that begins is fresh."""
    if not is_new:
        check_locked(begun(planned, store), store)
    return replicated(planned, store) if replicates else asked(planned, store, reuses=reuses)


def lock_all(studies: Iterable[Study], store: Store, *, root: str | None = None, **options: bool) -> None:
    """Lock the plans of several studies before the first of them trains.

    Studies that share runs would otherwise each be locked after the ones before it had results, and say so. One that
    cannot be carried out is left alone here: the attempt to carry it out will say why.
    """
    load, new = Loader(root), list[Plan]()
    for study in studies:
        with contextlib.suppress(AblabError):
            planned, dataset = planned_on_data(study, load)
            keep_own(store, facts_of(dataset))
            new.append(_as_begun(planned, store, **options))
    for planned in new:
        _lock(planned, store, "")


def _look(plan: Plan, store: Store, runs: dict[str, Run], labels: Sequence[int] | None) -> Decision:
    """The decision on all runs that the store has now; those that are in memory already are not read again."""
    found = store.runs(spec.id for spec in plan.possible if spec.id not in runs)
    if runs and (others := [run for run in found if run.plan != plan.hash]):  # trained meanwhile by another process
        store.judge(Judged(run.id, plan.hash, now()) for run in others)
    runs |= {run.id: run for run in found}
    return decide(plan, runs.values(), labels=labels)


def keep(run: Run, store: Store) -> None:
    """Put a run into the store; from then on its checkpoint is of no use."""
    from ablab.execute.checkpoints import forget

    store.add(run)
    forget(checkpoints(store), run.id)


def weights_path(store: Store, id_: str) -> Path:
    """Where the weights of a run are kept: those of `ablab train`, and of studies with `keep = "weights"`."""
    return _weights(store) / f"{id_}.safetensors"


def _weights(store: Store) -> Path:
    return store.folder / "weights"


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
    reuses: bool = False,
    replicates: bool = False,
    explores: bool = False,
    locked: str = "",
) -> Result:
    """Carry out a study, from where it stands, with the executor that is named, or so many runs at a time as suit.

    A study that has begun under other rules is refused, unless this is said to be a new one. A new one has seeds whose
    runs nobody has seen, unless it reuses runs; one that replicates asks again with other seeds. One that explores uses
    validation images in the place of test images, seeds that no other run has, and leaves the ledger alone.
    A study that another one plans, such as that at tuned rates, is locked since that one was.
    """
    check_executor(executor, workers)
    check_trackers(track)
    load = Loader(root, skip_unreadable)
    planned, dataset = planned_on_data(study, load, explores=explores)
    if not explores:
        planned = _as_begun(planned, store, is_new=is_new, reuses=reuses or bool(locked), replicates=replicates)
    if study.rule.most_seconds is not None:
        check_budget(planned, foresee(planned, dataset, store))
    data = facts_of(dataset)
    keep_own(store, data)
    planned = planned.on(data)
    if not explores:
        _lock(planned, store, locked)
    kept = _weights(store) if study.keep else None
    job = Job(load, checkpoints(store), len(planned.wanted), kept)
    least, most = len(planned.wanted), len(planned.most)
    activity = Activity(store.folder, planned.hash, study.name, Path(study.where), least, most)
    is_stopping = functools.partial(is_stop_requested, store.folder, planned.hash)
    with tracking(track, activity, show(planned)) as observe:
        with Claims(store) as claims, choose(executor, workers, job) as chosen:  # workers end before what tells of them
            execute = Shared(chosen, store, claims)
            conduct(planned, store, execute, observe, None if explores else data.labels, is_stopping)
            if study.tune and not study.tunes_each and not explores:
                _tune(planned, store, execute, observe, is_stopping)
        result = result_of(planned, store)
        observe.decided(result.to_dict())
    if result.tuned is None:
        return result_of(askings(study, planned.fingerprint, store)[0], store) if replicates else result
    after = run_study(
        result.tuned.study,
        store,
        root=root,
        show=show,
        skip_unreadable=skip_unreadable,
        executor=executor,
        workers=workers,
        track=track,
        is_new=True,
        locked=store.locked(planned.hash),
    )
    return dataclasses.replace(result, tuned=tuned_rates(planned, store), after_tuning=after)


def _tune(planned: Plan, store: Store, execute: Executor, observe: Observer, is_stopping: Callable[[], bool]) -> None:
    """Carry out the trials that are not there yet, on a grid that widens until no winner stands at its end."""

    def train(missing: list[RunSpec]) -> None:
        left = {trial.id: trial for trial in missing}
        for run in _carried_out(planned, store, execute, lambda: tuple(left.values()), observe, is_stopping):
            del left[run.id]

    tuned_rates(planned, store, train)


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
    """One recipe with one seed, and whether it was trained now: a run that is in the store is not trained again.

    If another process is training it, its result is waited for.
    """
    from ablab.execute.checkpoints import carry_out
    from ablab.train.check import check

    check_trackers(track)
    RunSpec(recipe, seed, "")  # a seed that is none is refused before data are read
    dataset = Loader(root, skip_unreadable)(recipe)
    check(recipe, dataset)
    spec = RunSpec(recipe, seed, dataset.fingerprint)
    keep_own(store, facts_of(dataset))
    if known := store.runs([spec.id]):
        return known[0], False
    with tracking(track, Activity(store.folder), show) as observe, Claims(store) as claims:
        while not claims.take([spec.id]):
            if run := awaited(lambda: (spec,), store, claims, observe):
                return run, False
        run = carry_out(spec, dataset, observe, checkpoints(store), _weights(store))
        keep(run, store)
        observe(spec, run)
    return run, True

"""conduct(): decide, execute, store, until nothing is wanted. The one place that knows both sides."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab.course import Course, Outcome, Wish, trials, verdicts
from ablab.errors import AblabError, InputError
from ablab.execute import Executor, Job, Loader, check_executor, choose
from ablab.pool import Pool
from ablab.prepare import (
    asked,
    check_budget,
    check_locked,
    facts_of,
    foresee,
    planned_on_data,
    replicated,
    weights_folder,
)
from ablab.recipe import Recipe
from ablab.records import DataFacts, Judged, Observer, Run, RunSpec
from ablab.result import Result, askings, begun, result_of, tuned_rates
from ablab.sharing import Shared, awaited
from ablab.store.claims import Claims
from ablab.store.history import now
from ablab.store.labels import keep_own
from ablab.study import Plan, Study
from ablab.track import Activity, check_trackers, tracking
from ablab.track.progress import is_stop_requested

if TYPE_CHECKING:
    from ablab.store import Store
    from ablab.train.together import Team


def conduct(
    courses: Sequence[Course[Outcome]], store: Store, execute: Executor
) -> Iterator[tuple[int, Outcome | AblabError]]:
    """Train what one study wants, or many with the same slots; gives the place and the outcome of each as it ends.

    A study that is asked to stop wants nothing more. So it is the executor that stops what is on its way, and every
    run keeps its last epoch. Once the others are done this ends as by Ctrl-C.
    """
    pool = Pool(courses, functools.partial(is_stop_requested, store.folder))
    yield from pool.ended()
    while pool.wishes:
        try:
            for run in execute(pool.wanted, pool.observe):
                if wishes := pool.wishing(run.id):
                    _keep_for(wishes, run, store, is_own=run.id in pool.begun)
                pool.take(run)
                yield from pool.ended()
        except AblabError as error:
            pool.leave_out(error)
        yield from pool.ended()
    if pool.stopped:
        raise KeyboardInterrupt


def _keep_for(wishes: Sequence[Wish], run: Run, store: Store, *, is_own: bool) -> None:
    """Put a run into the store for the first plan that wants it; is_own says whether it was trained here."""
    kept = dataclasses.replace(run, plan=wishes[0].plan.hash)
    keep(kept, store)
    if is_own and not any(wish.plan.study.keep for wish in wishes):
        for file in weights_folder(store).glob(f"{run.id}.*"):  # an executor keeps the weights of all runs or of none
            file.unlink(missing_ok=True)
    wishes[0].observe(run.spec, kept)


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


def keep(run: Run, store: Store) -> None:
    """Put a run into the store; from then on its checkpoint is of no use."""
    from ablab.execute.checkpoints import forget

    store.add(run)
    forget(checkpoints(store), run.id)


def weights_path(store: Store, id_: str) -> Path:
    """Where the weights of a run are, if they are kept."""
    return weights_folder(store) / f"{id_}.safetensors"


def checkpoints(store: Store) -> Path:
    """The folder for runs that are not done."""
    return store.folder / "checkpoints"


@dataclass(frozen=True)
class Start:
    """A study with everything that comes before its first run: its plan, on data that it was checked with."""

    study: Study
    plan: Plan
    data: DataFacts
    locked: str = ""  # since when, where another study planned it


def run_study(study: Study, store: Store, *, show: Callable[[Plan], Observer], **options: Any) -> Result:
    """Carry out one study: see `run_studies`."""
    with closing(run_studies([study], store, show=show, **options)) as ended:
        ((_, result),) = ended
    assert isinstance(result, Result)  # one that is alone raises its error
    return result


def run_studies(
    studies: Iterable[Study],
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
    leaves_out: bool = False,
    page: Callable[[Result], str] | None = None,
) -> Generator[tuple[Study, Result | AblabError]]:
    """Carry out studies, from where they stand, with the executor that is named, or so many runs at a time as suit.

    They share its slots, and each is given as it ends. All plans are locked before the first run trains. A study that
    cannot begin is refused with all others, unless it is to be left out; one that fails later ends with its error.

    A study that has begun under other rules is refused, unless this is said to be a new one. A new one has seeds whose
    runs nobody has seen, unless it reuses runs; one that replicates asks again with other seeds. One that explores uses
    validation images in the place of test images, seeds that no other run has, and leaves the ledger alone. `page`
    writes a report, for trackers that keep one.
    """
    studies = list(studies)
    if executor is None and workers is None:
        executor = _executor_of(studies)
    check_executor(executor, workers)
    check_trackers(track)
    load = Loader(root, skip_unreadable)
    begin = functools.partial(
        _start, store=store, load=load, is_new=is_new, reuses=reuses, replicates=replicates, explores=explores
    )
    starts = []
    for study in studies:
        try:
            starts.append(begin(study))
        except AblabError as error:
            if not leaves_out:
                raise
            yield study, error
    if not starts:
        return
    if not explores:
        for start in starts:
            _lock(start.plan, store, start.locked)
    runs = {spec.id for start in starts for spec in start.plan.wanted}
    kept = weights_folder(store) if any(start.study.keep for start in starts) else None
    job = Job(load, checkpoints(store), len(runs), kept)
    # The workers of an executor end before their claims, and before what tells of them.
    with contextlib.ExitStack() as open_ones, Claims(store) as claims, choose(executor, workers, job) as chosen:
        execute = Shared(chosen, store, claims)
        courses = [_course(start, store, lambda: execute.slots, load, show, track, page) for start in starts]
        for course in courses:
            open_ones.enter_context(closing(course))
        for place, outcome in conduct(courses, store, execute):
            study, result = starts[place].study, outcome
            if replicates and isinstance(result, Result) and result.tuned is None:
                result = result_of(askings(study, result.plan.fingerprint, store)[0], store)
            yield study, result


def _executor_of(studies: Sequence[Study]) -> str | None:
    """The executor that the files of studies name, if any does. They share its slots, so it is one for all."""
    named = {study.executor: study for study in studies if study.executor}
    if len(named) > 1:
        first, second = list(named.values())[:2]
        raise InputError(
            f"{first.where} and {second.where} name different executors ({first.executor}, {second.executor}): "
            "run them apart, or say --executor"
        )
    return next(iter(named), None)


def _start(
    study: Study,
    *,
    store: Store,
    load: Loader,
    is_new: bool = False,
    reuses: bool = False,
    replicates: bool = False,
    explores: bool = False,
    locked: str = "",
) -> Start:
    """Everything before the first run but the lock; an error where the study cannot be carried out."""
    planned, dataset = planned_on_data(study, load, store, explores=explores)
    if not explores:
        planned = _as_begun(planned, store, is_new=is_new, reuses=reuses, replicates=replicates)
    if study.rule.most_seconds is not None:
        check_budget(planned, foresee(planned, dataset, store))
    data = facts_of(dataset)
    keep_own(store, data)
    return Start(study, planned.on(data), data, locked)


def _course(
    start: Start,
    store: Store,
    slots: Callable[[], int],
    load: Loader,
    show: Callable[[Plan], Observer],
    track: Sequence[str],
    page: Callable[[Result], str] | None,
) -> Course[Result]:
    """A study from its first run to its last: verdicts, then trials and verdicts at tuned rates where it tunes."""
    study, planned = start.study, start.plan
    least, most = len(planned.wanted), len(planned.most)
    activity = Activity(store.folder, planned.hash, study.name, Path(study.where), least, most)
    with tracking(track, activity, show(planned)) as observe:
        yield from verdicts(planned, store, slots, observe, None if planned.explores else start.data.labels)
        if study.tune and not study.tunes_each and not planned.explores:
            yield from trials(planned, store, observe)
        result = result_of(planned, store)
        observe.decided(result.to_dict(), page and functools.partial(page, result))
    if result.tuned is None:
        return result
    locked = store.locked(planned.hash)  # a study that another one plans is locked since that one was
    after = _start(result.tuned.study, store=store, load=load, is_new=True, reuses=True, locked=locked)
    _lock(after.plan, store, locked)
    told = yield from _course(after, store, slots, load, show, track, page)
    return dataclasses.replace(result, tuned=tuned_rates(planned, store), after_tuning=told)


def train_one(
    recipe: Recipe,
    seed: int,
    store: Store,
    *,
    root: str | None = None,
    show: Observer,
    skip_unreadable: bool = False,
    track: Sequence[str] = (),
    team: Team | None = None,
) -> tuple[Run, bool]:
    """One recipe with one seed, and whether it was trained now: a run that is in the store is not trained again.

    If another process is training it, its result is waited for. Of the processes of a team, the first calls this, and
    all others `train_alongside`.
    """
    from ablab.execute.alongside import agreed, goes_ahead
    from ablab.execute.checkpoints import carry_out
    from ablab.train.together import ALONE

    check_trackers(track)
    RunSpec(recipe, seed, "")  # a seed that is none is refused before data are read
    team = team or ALONE
    dataset, spec = agreed(recipe, seed, Loader(root, skip_unreadable), team, weights_folder(store))
    keep_own(store, facts_of(dataset))
    if known := store.runs([spec.id]):
        goes_ahead(team, trains=False)
        return known[0], False
    with tracking(track, Activity(store.folder), show) as observe, Claims(store) as claims:
        while not claims.take([spec.id]):
            if run := awaited(lambda: (spec,), store, claims, observe):
                goes_ahead(team, trains=False)
                return run, False
        goes_ahead(team, trains=True)
        run = carry_out(spec, dataset, observe, checkpoints(store), weights_folder(store), team)
        keep(run, store)
        observe(spec, run)
    return run, True

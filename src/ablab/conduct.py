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

from ablab.begun import as_begun, in_one_round, lock
from ablab.course import Course, Outcome, Wish, trial_verdicts, trials, verdicts
from ablab.errors import AblabError
from ablab.events import Noticed
from ablab.execute import Executor, Loader, check_executor
from ablab.pool import Pool
from ablab.prepare import check_budget, facts_of, foresee, planned_on_data
from ablab.recipe import Recipe
from ablab.records import DataFacts, Observer, Run, RunSpec
from ablab.result import Result, askings, result_of, tuned_rates
from ablab.sharing import Shared, awaited
from ablab.slots import check_programs, executor_for, named_executor
from ablab.store.claims import Claims
from ablab.store.labels import keep_own
from ablab.study import Plan, Study
from ablab.study.roots import rooted
from ablab.track import Activity, check_trackers, tracking
from ablab.track.progress import is_stop_requested
from ablab.trials.begun import locked_now, prepared
from ablab.trials.plan import Plan as TrialPlan
from ablab.trials.question import TrialStudy
from ablab.trials.result import TrialResult
from ablab.trials.result import askings as trial_askings
from ablab.trials.result import result_of as trial_result_of

Show = Callable[[Any], Callable[[Any, Any], None]]  # of a plan, who sees the events of its runs or trials
Page = Callable[[Any], str]  # writes the report of a result

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
                if isinstance(run, Run) and (wishes := pool.wishing(run.id)):
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
    if is_own and not any(isinstance(wish.plan, Plan) and wish.plan.study.keep for wish in wishes):
        for file in store.weights.glob(f"{run.id}.*"):  # an executor keeps the weights of all runs or of none
            file.unlink(missing_ok=True)
    wishes[0].observe(run.spec, kept)


def keep(run: Run, store: Store) -> None:
    """Put a run into the store; from then on its checkpoint is of no use."""
    from ablab.execute.checkpoints import forget

    store.add(run)
    forget(store.checkpoints, run.id)


@dataclass(frozen=True)
class Start:
    """A study with everything that comes before its first run: its plan, on data that it was checked with."""

    study: Study
    plan: Plan
    data: DataFacts
    locked: str = ""  # since when, where another study planned it


@dataclass(frozen=True)
class ProgramStart:
    """A study of a program or a function with its plan."""

    study: TrialStudy
    plan: TrialPlan


def _in_one_round(starts: Sequence[Start | ProgramStart], store: Store) -> list[Start | ProgramStart]:
    """The same starts, the replications of each study in step on all its data sets."""
    planned = [start.plan for start in starts if isinstance(start, Start)]
    return [
        dataclasses.replace(start, plan=in_one_round(start.plan, planned, store).on(start.data))
        if isinstance(start, Start)
        else start
        for start in starts
    ]


def run_study(study: Study, store: Store, *, show: Callable[[Plan], Observer], **options: Any) -> Result:
    """Carry out one study: see `run_studies`."""
    with closing(run_studies([study], store, show=show, **options)) as ended:
        ((_, result),) = ended
    assert isinstance(result, Result)  # one that is alone raises its error
    return result


def run_program(study: TrialStudy, store: Store, *, show: Show, **options: Any) -> TrialResult:
    """Carry out one study of a program or a function: see `run_studies`."""
    with closing(run_studies([study], store, show=show, **options)) as ended:
        ((_, result),) = ended
    assert isinstance(result, TrialResult)
    return result


def run_studies(
    studies: Iterable[Study | TrialStudy],
    store: Store,
    *,
    root: str | None = None,
    show: Show,
    skip_unreadable: bool = False,
    executor: str | None = None,
    workers: int | None = None,
    track: Sequence[str] = (),
    is_new: bool = False,
    reuses: bool = False,
    replicates: bool = False,
    explores: bool = False,
    leaves_out: bool = False,
    page: Page | None = None,
) -> Generator[tuple[Study | TrialStudy, Result | TrialResult | AblabError]]:
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
        executor = named_executor(studies)
    check_executor(executor, workers)
    check_trackers(track)
    load = Loader(root, skip_unreadable)
    begin = functools.partial(
        _start, store=store, load=load, is_new=is_new, reuses=reuses, replicates=replicates, explores=explores
    )
    check_programs(studies, executor, workers)
    starts: list[Start | ProgramStart] = []
    for study in studies:
        try:
            if isinstance(study, TrialStudy):
                starts.append(
                    ProgramStart(study, prepared(study, store, is_new=is_new, reuses=reuses, replicates=replicates))
                )
            else:
                starts.append(begin(study))
        except AblabError as error:
            if not leaves_out:
                raise
            yield study, error
    if not starts:
        return
    if replicates:
        starts = _in_one_round(starts, store)
    for at, start in enumerate(starts):
        if isinstance(start, ProgramStart):
            starts[at] = dataclasses.replace(start, plan=locked_now(start.plan, store))
        elif not explores:
            lock(start.plan, store, start.locked)
    plans = [start.plan for start in starts if isinstance(start, Start)]
    programs = [start.study for start in starts if isinstance(start, ProgramStart)]
    chosen_for = executor_for(plans, programs, executor, workers, load, store)
    # The workers of an executor end before their claims, and before what tells of them.
    with contextlib.ExitStack() as open_ones, Claims(store) as claims, chosen_for as chosen:
        execute = Shared(chosen, store, claims)
        courses: list[Course[Result | TrialResult]] = [
            _program_course(start, store, lambda: execute.slots, show, track, page)
            if isinstance(start, ProgramStart)
            else _course(start, store, lambda: execute.slots, load, show, track, page)
            for start in starts
        ]
        for course in courses:
            open_ones.enter_context(closing(course))
        for place, outcome in conduct(courses, store, execute):
            study, result = starts[place].study, outcome
            if replicates and isinstance(result, Result) and result.tuned is None:
                first = rooted(result.study, 0)  # a study that names its root is not replicated
                result = result_of(askings(first, result.plan.fingerprint, store)[0], store)
            if replicates and isinstance(study, TrialStudy) and isinstance(result, TrialResult):
                result = trial_result_of(trial_askings(study, store)[0], store)
            yield study, result


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
        planned = as_begun(planned, store, is_new=is_new, reuses=reuses, replicates=replicates)
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
    show: Show,
    track: Sequence[str],
    page: Page | None,
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
    lock(after.plan, store, locked)
    told = yield from _course(after, store, slots, load, show, track, page)
    return dataclasses.replace(result, tuned=tuned_rates(planned, store), after_tuning=told)


def _program_course(
    start: ProgramStart,
    store: Store,
    slots: Callable[[], int],
    show: Show,
    track: Sequence[str],
    page: Page | None,
) -> Course[TrialResult]:
    """A study of a program from its first trial to its last."""
    planned = start.plan
    where = Path(start.study.where)
    activity = Activity(store.folder, planned.hash, start.study.name, where, planned.wanted, planned.most)
    with tracking(track, activity, show(planned)) as observe:
        yield from trial_verdicts(planned, store, slots, observe)
        result = trial_result_of(planned, store)
        observe.decided(result.to_dict(), page and functools.partial(page, result))
    return result


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

    A finished run without weights is: it keeps its results and gets the weights. If another process is training it,
    its result is waited for. Of the processes of a team, the first calls this, and all others `train_alongside`.
    """
    from ablab.execute.alongside import agreed, goes_ahead
    from ablab.execute.checkpoints import carry_out, forget
    from ablab.train.together import ALONE

    check_trackers(track)
    RunSpec(recipe, seed, "")  # a seed that is none is refused before data are read
    team = team or ALONE
    dataset, spec = agreed(recipe, seed, Loader(root, skip_unreadable), team, store.weights)
    keep_own(store, facts_of(dataset))
    if known := store.runs([spec.id]):
        _tell_stored(spec, track, show)
        lacks_weights = known[0].status == "finished" and not store.weights_of(spec.id).exists()
        goes_ahead(team, trains=lacks_weights)
        if lacks_weights:
            show(spec, Noticed("the store has the results of this run without its weights: ablab trains it again"))
            again = carry_out(spec, dataset, show, store.checkpoints, store.weights, team)
            forget(store.checkpoints, spec.id)
            if again.predictions != known[0].predictions:
                show(spec, Noticed("the new weights give other predictions than the stored results"))
        return known[0], lacks_weights
    with tracking(track, Activity(store.folder), show) as observe, Claims(store) as claims:
        while not claims.take([spec.id]):
            if isinstance(run := awaited(lambda: (spec,), store, claims, observe), Run):
                _tell_stored(spec, track, show)
                goes_ahead(team, trains=False)
                return run, False
        goes_ahead(team, trains=True)
        run = carry_out(spec, dataset, observe, store.checkpoints, store.weights, team)
        keep(run, store)
        observe(spec, run)
    return run, True


def _tell_stored(spec: RunSpec, track: Sequence[str], show: Observer) -> None:
    """Say that trackers hear nothing of a run that is not trained here."""
    if track:
        names = " and ".join(f'tracker "{name}"' for name in dict.fromkeys(track))
        gets = "gets" if len({*track}) == 1 else "get"
        stored = "the store already has this run, and trackers follow only new ones"
        show(spec, Noticed(f"{names} {gets} nothing: {stored}"))

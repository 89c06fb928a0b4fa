"""Courses: what a study wants from its first run to its last, as generators that are sent the runs that finish.

A course trains nothing and knows no executor. It yields a `Wish` and is sent a run of it, until it returns what the
study came to. So one conductor can carry out one course or many with the same slots.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ablab.errors import AblabError
from ablab.records import Judged, Observer, Run, RunSpec
from ablab.result import missing_trials
from ablab.store.history import now
from ablab.store.trials import keep
from ablab.study import Decision, Plan, decide
from ablab.study.ahead import ahead
from ablab.study.forecast import during
from ablab.trial import Trial
from ablab.trials.begun import check_figures, check_share, not_right_yet
from ablab.trials.decide import Begun, Tried
from ablab.trials.decide import decide as decide_trials
from ablab.trials.plan import Plan as TrialPlan
from ablab.trials.result import there

if TYPE_CHECKING:
    from ablab.store import Store


Item = RunSpec | Trial  # what can be wanted


@dataclass(frozen=True)
class Wish:
    """The runs or trials that a study could still use, the most urgent round first, and who follows them."""

    plan: Plan | TrialPlan
    rounds: tuple[Sequence[Item], ...]
    observe: Callable[[Any, Any], None]


Outcome = TypeVar("Outcome")
Course = Generator[Wish, Any, Outcome]  # it is sent a run for a RunSpec, and an outcome for a Trial


def verdicts(
    plan: Plan, store: Store, slots: Callable[[], int], observe: Observer, labels: Sequence[int] | None
) -> Course[Decision]:
    """Want runs until every verdict stands. The store is the only memory, so a killed study goes on.

    It decides again after every run, so no slot waits for others. Looks are at pairs in the order of seeds, from the
    first: neither the order in which runs finish nor runs of later seeds can change one.
    """
    runs: dict[str, Run] = {}
    _read(plan, store, runs)
    decision = decide(plan, runs.values(), labels=labels)
    due = decision.wanted
    while rounds := ahead(plan, decision, runs, slots()):
        run = yield Wish(plan, rounds, observe)
        _read(plan, store, runs, judges=True)
        is_due = any(spec.id not in runs for spec in due)
        if plan.study.rule.budget and is_due:
            continue  # a budget that is spent in the middle of a pair lets it be completed
        decision = decide(plan, runs.values(), labels=labels)
        if not is_due:
            observe(run.spec, during(plan, decision, runs.values()))
            due = decision.wanted
    return decision


def _read(plan: Plan, store: Store, runs: dict[str, Run], *, judges: bool = False) -> None:
    """Add the runs that the store has by now, and note that the plan judges those that were trained for others."""
    found = store.runs(spec.id for spec in plan.possible if spec.id not in runs)
    if judges and (others := [run for run in found if run.plan != plan.hash]):
        time = now()
        store.judge(Judged(run.id, plan.hash, time) for run in others)
    runs |= {run.id: run for run in found}


def trials(plan: Plan, store: Store, observe: Observer) -> Course[None]:
    """Want the trials that are not there yet, on a grid that widens until no winner stands at its end."""
    while missing := missing_trials(plan, store):
        left = {trial.id: trial for trial in missing}
        while left:
            run = yield Wish(plan, (tuple(left.values()),), observe)
            del left[run.id]


def trial_verdicts(
    plan: TrialPlan, store: Store, slots: Callable[[], int], observe: Callable[[Any, Any], None]
) -> Course[None]:
    """Want trials until every verdict stands. If the first has no figure, the program is not right yet."""
    found = there(plan, store)
    check_figures(plan, found)
    observe(plan.first, Begun(len(found)))
    decision = decide_trials(plan, found)
    while decision.wanted:
        outcome = yield Wish(plan, (decision.wanted, decision.later if slots() > 1 else ()), observe)
        if outcome.id == plan.first.id and outcome.status != "finished":
            raise AblabError(not_right_yet(plan, outcome))
        check_share(plan, outcome)
        kept = outcome if outcome.plan else replace(outcome, plan=plan.hash)
        keep(store, kept)
        found[kept.id] = kept
        decision = decide_trials(plan, found)
        observe(kept.trial, kept)
        observe(kept.trial, Tried(kept, decision))

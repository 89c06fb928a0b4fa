"""Known before: results that somebody could have seen when a plan was locked, and chosen its margin or variants by.

A run that ended before the lock was known, whichever plan or person had it trained. A run that was trained for the plan
was not, and neither was one that ended after the lock. A result that was removed before the lock was known as well.
Where an older version kept no time of the lock, nothing can be said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ablab.nouns import counted
from ablab.records import Judged, Removed, Run
from ablab.study.decide import Decision
from ablab.study.plan import Plan
from ablab.study.verdict import Known, Verdict


@dataclass(frozen=True)
class History:
    """What a store remembers of a plan and its runs."""

    locked: str = ""  # when the plan was: UTC, ISO 8601; empty where that is not known
    judged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by run, the plans that have judged it
    removed: Mapping[str, str] = field(default_factory=dict)  # by run, when one that was removed had first ended


def history(locked: str, judged: Iterable[Judged], removed: Iterable[Removed]) -> History:
    """The history from what a store has of each run."""
    by_run: dict[str, tuple[str, ...]] = {}
    for look in judged:
        by_run[look.run] = (*by_run.get(look.run, ()), look.plan)
    first: dict[str, str] = {}
    for grave in removed:
        first[grave.run] = min(grave.ended, first.get(grave.run, grave.ended))
    return History(locked, by_run, first)


def with_known(decision: Decision, plan: Plan, runs: Iterable[Run], past: History) -> Decision:
    """The decision with what was known before the plan was locked, in the sentence of each verdict."""
    if not past.locked:
        return decision
    there = tuple(runs)
    first, *others = (
        tuple(_marked(verdict, _known(verdict, plan, {"base", verdict.variant}, there, past)) for verdict in verdicts)
        for verdicts in decision.by_metric
    )
    return replace(decision, verdicts=first, also=tuple(others))


def _known(verdict: Verdict, plan: Plan, names: set[str], runs: tuple[Run, ...], past: History) -> Known:
    seeds = max(verdict.tried, plan.study.rule.seeds[0])
    of = plan.study.names
    own = [run for run in runs if of.get(run.spec.recipe.hash) in names and plan.place(run.spec) < seeds]
    removed = [run for run in own if run.id in past.removed and past.removed[run.id] < past.locked]
    seen = [run for run in own if run.plan != plan.hash and _ended(run) < past.locked]
    judges = dict.fromkeys(hash_ for run in seen for hash_ in past.judged.get(run.id, ()) if hash_ != plan.hash)
    both = {run.id for run in [*seen, *removed]}
    return Known(
        runs=len(own),
        seen=len(both),
        single=sum(not run.plan for run in seen),
        removed=len(removed),
        plans=tuple(judges),
    )


def _ended(run: Run) -> str:
    return run.origin.time if run.origin else ""


def _marked(verdict: Verdict, known: Known) -> Verdict:
    if not known.seen:
        return verdict
    how = [f"judged by plan {', '.join(known.plans)}"] if known.plans else []
    how += [f"{known.single} trained with ablab train"] if known.single else []
    how += [f"{known.removed} removed and trained again"] if known.removed else []
    details = f" ({'; '.join(how)})" if how else ""
    warning = (
        f"Known before: {known.seen} of {counted(known.runs, 'run')} had results when this plan was locked{details}. "
        "They may have influenced its margin, confidence, seeds or variants; a new study without --reuse trains fresh "
        "runs."
    )
    return replace(verdict, known=known, sentence=f"{warning} {verdict.sentence}")

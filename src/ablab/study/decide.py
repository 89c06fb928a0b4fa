"""decide(): what the runs say, and which runs are still wanted. Pure: the store is the only memory of a study.

Looks happen after every pair from the fewest seeds to the most, and a verdict is that of the first look that decides.
Looks are replayed in order from the first seeds, so neither runs of other studies in the store nor a study that was
killed and taken up again can change a verdict.

A run that failed is never left out, and no other seed is tried in its place: `failures.py` says what it counts as, and
later seeds go on. All of the first seeds are trained even where an earlier look decides, so that "f of n failed" means
the same however the study was interrupted and in whatever order its runs finished. A machine that crashes leaves no
run, and the same seed is wanted again.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablab.records import Run, RunSpec
from ablab.study import retuning
from ablab.study.chance import chance_level, sides_at_chance
from ablab.study.gather import Found, gather
from ablab.study.outlook import outlook
from ablab.study.plan import Plan
from ablab.study.sentence import sentence
from ablab.study.verdict import Evidence, Verdict, judge


@dataclass(frozen=True)
class Decision:
    """The verdicts as they stand, in the order of the variants, and the runs without which they are not final."""

    verdicts: tuple[Verdict, ...]  # by the first metric that decides
    wanted: tuple[RunSpec, ...]
    ended: str = ""  # why nothing more is wanted, though some verdicts are open
    also: tuple[tuple[Verdict, ...], ...] = ()  # by each of the other metrics that decide

    @property
    def by_metric(self) -> tuple[tuple[Verdict, ...], ...]:
        """The verdicts of each metric that decides."""
        return (self.verdicts, *self.also)

    @property
    def every(self) -> tuple[Verdict, ...]:
        """All verdicts, whatever metric they are by."""
        return tuple(itertools.chain.from_iterable(self.by_metric))


def decide(plan: Plan, runs: Iterable[Run], *, labels: Any = None) -> Decision:
    """The verdicts that these runs allow. Labels of the test images, if given, add the interval for other images."""
    study = plan.study
    there = tuple(run for run in runs if run.spec.fingerprint == plan.fingerprint)
    found = counted(plan, there)
    classes = len({int(label) for label in labels}) if labels is not None else 0
    gathered = gather(plan, found, classes if classes > 1 else None)
    level = chance_level(labels)
    by_metric: list[tuple[Verdict, ...]] = []
    missing: set[tuple[str, int]] = set()
    for asked, several in zip(plan.by_metric, gathered, strict=True):
        by_metric.append(tuple(_verdict(asked, evidence, labels, level) for evidence in several))
        missing |= {
            (recipe.hash, seed)
            for evidence, verdict in zip(several, by_metric[-1], strict=True)
            for seed in _next_seeds(asked, evidence, verdict)
            for recipe in (study.base, evidence.variant.recipe)
            if (recipe.hash, seed) not in found
        }
    wanted = _wanted(plan, missing, there)
    spent = [run for run in there if run.spec.explores] if plan.study.is_retuned else []
    affordable = within_budget(plan, wanted, found, spent)
    ended = f"the budget of {study.rule.budget} is spent" if wanted and not affordable else ""
    return Decision(by_metric[0], affordable, ended, tuple(by_metric[1:]))


def _verdict(plan: Plan, evidence: Evidence, labels: Any, level: float | None) -> Verdict:
    verdict = judge(evidence, plan.study.rule, comparisons=plan.comparisons, labels=labels)
    verdict = replace(verdict, outlook=outlook(plan, evidence))
    is_at_chance = bool(sides_at_chance(verdict, level))
    return replace(verdict, sentence=sentence(verdict, evidence, plan.study, is_at_chance=is_at_chance))


def counted(plan: Plan, runs: Iterable[Run]) -> Found:
    """The runs that a plan counts, by the recipe of the study and the number of the seed."""
    if plan.study.is_retuned:
        return retuning.found(plan, runs)
    found: Found = {}
    for run in runs:
        if run.spec.explores == plan.explores:
            found.setdefault((run.spec.recipe.hash, plan.place(run.spec)), run)
    return found


def _wanted(plan: Plan, missing: set[tuple[str, int]], runs: Iterable[Run]) -> tuple[RunSpec, ...]:
    if plan.study.is_retuned:
        return retuning.wanted(plan, missing, runs)
    order = plan.runs(sorted({seed for _, seed in missing}))
    return tuple(one for one in order if (one.recipe.hash, plan.place(one)) in missing)


def within_budget(
    plan: Plan, wanted: tuple[RunSpec, ...], found: Found, trials: Sequence[Run] = ()
) -> tuple[RunSpec, ...]:
    """The runs that the budget still allows: whole seeds only, since half a pair says nothing.

    To stop for want of time or runs is as valid as any other reason: intervals hold at every look.
    """
    rule = plan.study.rule
    if rule.most_seconds is None and rule.most_runs is None:
        return wanted
    own, numbers = {recipe.hash for recipe in plan.study.recipes}, range(rule.seeds[1])
    spent = [*trials, *(run for (hash_, number), run in found.items() if hash_ in own and number in numbers)]
    if rule.most_seconds is not None and sum(run.cost.wall_seconds for run in spent) >= rule.most_seconds:
        return ()
    if rule.most_runs is None:
        return wanted
    return wanted[: whole_seeds((spec.seed for spec in wanted), rule.most_runs - len(spent))]


def whole_seeds(seeds: Iterable[int], most: int) -> int:
    """How many of these, from the first on, are whole seeds and at most so many; those of one seed follow each other.

    >>> whole_seeds([0, 0, 0, 1, 1, 1, 2], 5), whole_seeds([0, 0, 0, 1, 1, 1, 2], 7)
    (3, 7)
    """
    taken = 0
    for _, several in itertools.groupby(seeds):
        size = len(list(several))
        if taken + size > most:
            break
        taken += size
    return taken


def _next_seeds(plan: Plan, evidence: Evidence, verdict: Verdict) -> range:
    """The seeds without which this variant's verdict is not final; none if it is."""
    rule, pairs = plan.study.rule, evidence.tried
    least, most = rule.seeds
    if verdict.is_given_up or (evidence.looks and evidence.looks[-1].decides(rule.margin)):
        return range(0)
    if pairs < least:
        return range(least)
    return range(pairs, min(pairs + 1, most))  # one that is stuck, too: its other half counts among the runs

"""decide(): what the runs say, and which runs are still wanted. Pure: the store is the only memory of a study.

Looks happen after every pair from the fewest seeds to the most, and a verdict is that of the first look that decides.
Looks are replayed in order from the first seeds, so neither runs of other studies in the store nor a study that was
killed and taken up again can change a verdict.

A run that did not finish is never left out. If it was measured, its accuracy counts like any other. If it was not,
there is no honest number for it: the pairs end before it, and the variant stays undecided unless an earlier look has
decided. No other seed is tried in its place. All of the first seeds are trained even so, and both runs of the pair that
ends them, so that "f of n did not finish" means the same however the study was interrupted and in whatever order its
runs finished. A machine that crashes leaves no run, and the same seed is wanted again.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ablab.metric import known_metrics
from ablab.records import Run, RunSpec
from ablab.statistics.paired import differences
from ablab.statistics.sequential import Look
from ablab.study.outlook import outlook
from ablab.study.plan import Plan
from ablab.study.question.variant import Variant
from ablab.study.sentence import sentence
from ablab.study.verdict import Evidence, Pair, Verdict, judge, points

Found = dict[tuple[str, int], Run]  # by the recipe's hash and the number of the seed


@dataclass(frozen=True)
class Decision:
    """The verdicts as they stand, in the order of the variants, and the runs without which they are not final."""

    verdicts: tuple[Verdict, ...]
    wanted: tuple[RunSpec, ...]
    ended: str = ""  # why nothing more is wanted, though some verdicts are open


def decide(plan: Plan, runs: Iterable[Run], *, labels: Any = None) -> Decision:
    """The verdicts that these runs allow. Labels of the test images, if given, add the interval for other images."""
    study = plan.study
    found: Found = {}
    for run in runs:
        if run.spec.fingerprint == plan.fingerprint and run.spec.explores == plan.explores:
            found.setdefault((run.spec.recipe.hash, plan.place(run.spec)), run)
    verdicts: list[Verdict] = []
    missing: set[tuple[str, int]] = set()
    for variant, evidence in zip(study.variants, gather(plan, found), strict=True):
        verdict = judge(evidence, study.rule, comparisons=plan.comparisons, labels=labels)
        verdict = replace(verdict, outlook=outlook(plan, evidence))
        verdicts.append(replace(verdict, sentence=sentence(verdict, evidence, study)))
        missing |= {
            (recipe.hash, seed)
            for seed in _next_seeds(plan, evidence, verdict)
            for recipe in (study.base, variant.recipe)
            if (recipe.hash, seed) not in found
        }
    order = plan.runs(sorted({seed for _, seed in missing}))
    wanted = tuple(one for one in order if (one.recipe.hash, plan.place(one)) in missing)
    affordable = within_budget(plan, wanted, found)
    ended = f"the budget of {study.rule.budget} is spent" if wanted and not affordable else ""
    return Decision(tuple(verdicts), affordable, ended)


def within_budget(plan: Plan, wanted: tuple[RunSpec, ...], found: Found) -> tuple[RunSpec, ...]:
    """The runs that the budget still allows: whole seeds only, since half a pair says nothing.

    To stop for want of time or runs is as valid as any other reason: intervals hold at every look.
    """
    rule = plan.study.rule
    most = {(one.recipe.hash, plan.place(one)) for one in plan.most}
    spent = [run for key, run in found.items() if key in most]
    if rule.most_seconds is not None and sum(run.cost.wall_seconds for run in spent) >= rule.most_seconds:
        return ()
    if rule.most_runs is None:
        return wanted
    left, taken = rule.most_runs - len(spent), 0
    for _, seed in itertools.groupby(wanted, key=lambda one: one.seed):
        size = len(list(seed))
        if taken + size > left:
            break
        taken += size
    return wanted[:taken]


def gather(plan: Plan, found: Found) -> tuple[Evidence, ...]:
    """What every comparison rests on: its pairs in the order of seeds, the looks at them, and what did not finish."""
    series = [_series(plan, variant, found) for variant in plan.study.variants]
    rule, metric = plan.study.rule, known_metrics()[plan.study.rule.metric]
    looks = plan.protocol.looks(
        [differences(*(points([pair[side] for pair in one.pairs], rule.metric) for side in (0, 1))) for one in series],
        [
            max((metric.step(run.test.images) for pair in one.pairs for run in pair if run.test), default=0.0)
            for one in series
        ],
        plan.design,
    )
    return tuple(_evidence(plan, *each) for each in zip(plan.study.variants, series, looks, strict=True))


@dataclass(frozen=True)
class _Series:
    """The runs of one comparison by the number of the seed, and the pairs before the first that is not whole."""

    both: tuple[tuple[Run | None, Run | None], ...]
    pairs: tuple[Pair, ...]
    is_stuck: bool


def _series(plan: Plan, variant: Variant, found: Found) -> _Series:
    base, most = plan.study.base, plan.study.rule.seeds[1]
    both = [(found.get((base.hash, seed)), found.get((variant.recipe.hash, seed))) for seed in range(most)]
    pairs: list[Pair] = []
    for left, right in both:
        if left is None or right is None or _value(plan, left) is None or _value(plan, right) is None:
            break
        pairs.append((left, right))
    is_stuck = len(pairs) < most and any(run is not None and _value(plan, run) is None for run in both[len(pairs)])
    return _Series(tuple(both), tuple(pairs), is_stuck)


def _value(plan: Plan, run: Run) -> float | None:
    return known_metrics()[plan.study.rule.metric].points(run.test)


def _evidence(plan: Plan, variant: Variant, series: _Series, looks: tuple[Look, ...]) -> Evidence:
    rule, pairs, is_stuck = plan.study.rule, series.pairs, series.is_stuck
    if looks and looks[-1].decides(rule.margin):
        pairs, is_stuck = pairs[: looks[-1].pairs], False
    counted = series.both[: max(rule.seeds[0], len(pairs) + is_stuck)]
    return Evidence(
        variant=variant,
        base=plan.study.base,
        pairs=pairs,
        looks=looks,
        runs=sum(right is not None for _, right in counted),
        failures=sum(right is not None and right.status != "finished" for _, right in counted),
        base_failures=sum(left is not None and left.status != "finished" for left, _ in counted),
        finished=tuple(
            (left, right)
            for left, right in counted
            if left and right and left.status == right.status == "finished"
            if _value(plan, left) is not None and _value(plan, right) is not None
        ),
        is_stuck=is_stuck,
    )


def _next_seeds(plan: Plan, evidence: Evidence, verdict: Verdict) -> range:
    """The seeds without which this variant's verdict is not final; none if it is."""
    rule, pairs = plan.study.rule, len(evidence.pairs)
    least, most = rule.seeds
    if verdict.is_given_up or (evidence.looks and evidence.looks[-1].decides(rule.margin)):
        return range(0)
    if pairs < least:
        return range(least)
    return range(pairs, min(pairs + 1, most))  # one that is stuck, too: its other half counts among the runs

"""Projection: how many seeds and how much time a study is likely to want still. A guess, and called one."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ablab.records import Run
from ablab.study.decide import Decision
from ablab.study.plan import Plan
from ablab.study.verdict import Verdict


@dataclass(frozen=True)
class Projection:
    """What is left if effects are as large as the margin and runs take as long as those before."""

    decided: int  # comparisons that are, of all
    comparisons: int
    seeds: int  # that will have been trained in the end
    runs: int  # still to come
    seconds: float | None  # of one run after the other; None before any is there


def project(plan: Plan, decision: Decision, runs: Iterable[Run]) -> Projection:
    """What a study is likely to want after these runs."""
    there = {run.id: run for run in runs}
    seeds: dict[str, int] = {}
    for variant, verdict in zip(plan.study.variants, decision.verdicts, strict=True):
        if more := pairs_to_go(verdict, plan.study.rule.seeds):
            for recipe in (plan.study.base, variant.recipe):
                seeds[recipe.hash] = max(seeds.get(recipe.hash, 0), verdict.pairs + more)
    wanted = {one.id: one for one in decision.wanted}
    wanted |= {one.id: one for one in plan.most if plan.place(one) < seeds.get(one.recipe.hash, 0)}
    missing = [one for id_, one in wanted.items() if id_ not in there] if decision.wanted else []
    if plan.study.rule.most_runs is not None:
        missing = missing[: max(0, plan.study.rule.most_runs - len(there))]
    took: dict[str, list[float]] = {}
    for run in there.values():
        took.setdefault(run.wanted.recipe.hash, []).append(run.cost.wall_seconds)
    usual = statistics.fmean(one for each in took.values() for one in each) if took else math.nan
    left = math.fsum(statistics.fmean(took.get(one.recipe.hash, [usual])) for one in missing)
    return Projection(
        decided=sum(verdict.word != "undecided" for verdict in decision.verdicts),
        comparisons=len(decision.verdicts),
        seeds=max([*seeds.values(), *(verdict.pairs for verdict in decision.verdicts)]),
        runs=len(missing),
        seconds=None if math.isnan(left) else left,
    )


def pairs_to_go(verdict: Verdict, seeds: tuple[int, int]) -> int:
    """Pairs until a comparison is likely to be decided, within what the study allows."""
    least, most = seeds
    if verdict.word != "undecided":
        return 0
    wanted = least - verdict.pairs if verdict.pairs < least else verdict.needed or 1
    return max(0, min(wanted, most - verdict.pairs))

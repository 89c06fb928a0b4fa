"""Projection: how many seeds and how much time a study is likely to want still. A guess, and called one."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ablab.metric import known_metrics
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.study.decide import Decision
from ablab.study.plan import Plan
from ablab.study.verdict import Verdict


@dataclass(frozen=True)
class Projection:
    """What is left if effects are as large as the margin and runs take as long as those before."""

    decided: int  # comparisons that are, of all
    comparisons: int
    seeds: int  # that will have been trained in the end
    coming: tuple[RunSpec, ...]  # runs that are still to come
    seconds: float | None  # of one run after the other; None before any is there
    short: tuple[str, ...]  # variants that would want more seeds than the study allows

    @property
    def runs(self) -> int:
        return len(self.coming)


def project(plan: Plan, decision: Decision, runs: Iterable[Run]) -> Projection:
    """What a study is likely to want after these runs."""
    there, rule = {run.id: run for run in runs}, plan.study.rule
    seeds, short = dict.fromkeys((recipe.hash for recipe in plan.study.recipes), 0), []
    for variant, verdict in zip(plan.study.variants, decision.verdicts, strict=True):
        both = {plan.study.base.hash, variant.recipe.hash}
        more = pairs_to_go(verdict, rule.seeds)
        if not more or _is_stuck(plan, there.values(), both, verdict):
            continue
        if verdict.needed is not None and verdict.pairs + verdict.needed > rule.seeds[1]:
            short.append(variant.name)
        for hash_ in both:
            seeds[hash_] = max(seeds[hash_], verdict.pairs + more)
    wanted = {one.id: one for one in decision.wanted}
    wanted |= {one.id: one for one in plan.most if plan.place(one) < seeds[one.recipe.hash]}
    coming = [one for id_, one in wanted.items() if id_ not in there] if decision.wanted else []
    if rule.most_runs is not None:
        coming = coming[: max(0, rule.most_runs - len(there))]
    lasting = seconds_a_run(plan.study.recipes, there.values())
    left = math.fsum(lasting[one.recipe.hash] for one in coming)
    return Projection(
        decided=sum(verdict.word != "undecided" for verdict in decision.verdicts),
        comparisons=len(decision.verdicts),
        seeds=max([*seeds.values(), *(verdict.pairs for verdict in decision.verdicts)]),
        coming=tuple(coming),
        seconds=None if math.isnan(left) else left,
        short=tuple(short),
    )


def seconds_a_run(
    recipes: Iterable[Recipe], runs: Iterable[Run], guesses: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Seconds that a run of each recipe takes: the mean of its runs, else a guess, else the mean of all recipes."""
    took: dict[str, list[float]] = {}
    for run in runs:
        took.setdefault(run.spec.recipe.hash, []).append(run.cost.wall_seconds)
    known = {**(guesses or {}), **{hash_: statistics.fmean(seconds) for hash_, seconds in took.items()}}
    usual = statistics.fmean(known.values()) if known else math.nan
    return {recipe.hash: known.get(recipe.hash, usual) for recipe in recipes}


def _is_stuck(plan: Plan, runs: Iterable[Run], both: set[str], verdict: Verdict) -> bool:
    """The next pair has a run that was never measured, so there will be no next pair."""
    metric = known_metrics()[plan.study.rule.metric]
    return any(
        metric.of(run.test) is None and plan.place(run.spec) == verdict.pairs and run.spec.recipe.hash in both
        for run in runs
    )


def pairs_to_go(verdict: Verdict, seeds: tuple[int, int]) -> int:
    """Pairs until a comparison is likely to be decided, within what the study allows."""
    least, most = seeds
    if verdict.word != "undecided":
        return 0
    wanted = least - verdict.pairs if verdict.pairs < least else verdict.needed or 1
    return max(0, min(wanted, most - verdict.pairs))

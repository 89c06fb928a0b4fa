"""Forecast: how many runs, and how much time, a study still takes until it is decided. A guess, and called one."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ablab.serve.shelf import Shown
from ablab.study import Verdict
from ablab.study.projection import pairs_to_go
from ablab.track.progress import LiveRun


@dataclass(frozen=True)
class Forecast:
    """What is left, if effects are as large as the margin and runs take as long as those before."""

    seeds: int  # of each recipe, in the end
    runs: int  # still to be done, those that are running included
    seconds: float | None  # None before anything is known of how long a run takes
    short: tuple[str, ...]  # variants that need more seeds than the study allows


def forecast(shown: Shown, running: Iterable[LiveRun] = ()) -> Forecast | None:
    """What a study still takes; None when it wants nothing more."""
    if not shown.decision.wanted:
        return None
    live = {run.id: run for run in running}
    study, rule = shown.study, shown.study.rule
    seeds = dict.fromkeys((recipe.hash for recipe in study.recipes), 0)
    short = []
    for variant, verdict in zip(study.variants, shown.decision.verdicts, strict=True):
        more = pairs_to_go(verdict, rule.seeds)
        if not more or _is_stuck(shown, variant.recipe.hash, verdict):
            continue
        if verdict.needed is not None and verdict.pairs + verdict.needed > rule.seeds[1]:
            short.append(variant.name)
        for hash_ in (study.base.hash, variant.recipe.hash):
            seeds[hash_] = max(seeds[hash_], verdict.pairs + more)
    there = {run.id for run in shown.runs}
    number = shown.numbers
    missing = [one for one in shown.plan.most if number[one.seed] < seeds[one.recipe.hash] and one.id not in there]
    if rule.most_runs is not None:
        missing = missing[: max(0, rule.most_runs - len(there))]
    lasting = seconds_a_run(shown, live.values())
    left = [lasting.get(one.recipe.hash, math.nan) * _left(live.get(one.id)) for one in missing]
    seconds = math.fsum(left) / max(1, len(live))
    return Forecast(max(seeds.values()), len(missing), None if math.isnan(seconds) else seconds, tuple(short))


def seconds_a_run(shown: Shown, running: Iterable[LiveRun]) -> Mapping[str, float]:
    """Seconds that a run of each recipe takes: the mean of its runs, else of all runs, else what a first step said."""
    took: dict[str, list[float]] = {}
    for run in shown.runs:
        took.setdefault(run.wanted.recipe.hash, []).append(run.cost.wall_seconds)
    known = {hash_: statistics.fmean(seconds) for hash_, seconds in took.items()}
    for live in running:
        epoch = live.started.get("epoch_seconds")
        if isinstance(epoch, int | float) and math.isfinite(epoch):
            known.setdefault(live.wanted.recipe.hash, float(epoch) * live.wanted.recipe.epochs)
    usual = statistics.fmean(known.values()) if known else math.nan
    return {recipe.hash: known.get(recipe.hash, usual) for recipe in shown.study.recipes}


def _left(run: LiveRun | None) -> float:
    """The share of a run that is still to be done."""
    return 1 - min(1.0, run.epoch / run.wanted.recipe.epochs) if run else 1.0


def _is_stuck(shown: Shown, variant: str, verdict: Verdict) -> bool:
    """The next pair has a run that never got an accuracy, so there will be no next pair."""
    both = (shown.study.base.hash, variant)
    next_pair = {seed for seed, number in shown.numbers.items() if number == verdict.pairs}
    return any(
        run.test is None and run.wanted.seed in next_pair and run.wanted.recipe.hash in both for run in shown.runs
    )

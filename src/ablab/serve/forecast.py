"""Forecast: how many runs, and how much time, a study still takes until it is decided. A guess, and called one."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ablab.result import Result
from ablab.study import projection
from ablab.track.progress import LiveRun


@dataclass(frozen=True)
class Forecast:
    """What is left, if effects are as large as the margin and runs take as long as those before."""

    seeds: int  # of each recipe, in the end
    runs: int  # still to be done, those that are running included
    seconds: float | None  # None before anything is known of how long a run takes
    short: tuple[str, ...]  # variants that need more seeds than the study allows


def forecast(result: Result, running: Iterable[LiveRun] = ()) -> Forecast | None:
    """What a study still takes; None when it wants nothing more. Runs that are on their way share the time."""
    if not result.decision.wanted:
        return None
    live = {run.id: run for run in running}
    guess = projection.project(result.plan, result.decision, result.runs)
    lasting = seconds_a_run(result, live.values())
    left = [lasting[one.recipe.hash] * _left(live.get(one.id)) for one in guess.coming]
    seconds = math.fsum(left) / max(1, len(live))
    return Forecast(guess.seeds, guess.runs, None if math.isnan(seconds) else seconds, guess.short)


def seconds_a_run(result: Result, running: Iterable[LiveRun]) -> Mapping[str, float]:
    """Seconds that a run of each recipe takes: as runs before it did, else as the first step of one on its way said."""
    said: dict[str, float] = {}
    for live in running:
        if live.started and math.isfinite(live.started.epoch_seconds):
            said.setdefault(live.spec.recipe.hash, live.started.epoch_seconds * live.spec.recipe.epochs)
    return projection.seconds_a_run(result.study.recipes, result.runs, said)


def _left(run: LiveRun | None) -> float:
    """The share of a run that is still to be done."""
    return 1 - min(1.0, run.epoch / run.spec.recipe.epochs) if run else 1.0

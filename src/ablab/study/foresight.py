"""Before the study: what it will cost, and what it can see. Nothing is spent on an answer that cannot come."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ablab.metric import ACCURACY, known_metrics
from ablab.records import Run
from ablab.statistics.paired import correct, detectable, differences, noise_floor, sd
from ablab.statistics.sequential import multipliers
from ablab.study.plan import Plan
from ablab.study.verdict import points

SHOWN = (3, 5, 10, 15, 20, 30)  # seeds at most, in the table
GUESSED_ERROR = 0.27  # share of images that a small network gets wrong on CIFAR-10
FITTED, MIDDLING = 0.38, 1.3  # of the guess: a converged network's share of coin flips, and what middling training adds


@dataclass(frozen=True)
class Reach:
    """A study with at most so many seeds: the smallest effect that it finds 4 times in 5, and what it takes at most."""

    seeds: int
    points: float | None  # None where nothing is known of the spread
    runs: int
    minutes: float | None


@dataclass(frozen=True)
class Foresight:
    """What can be said before the first run."""

    spread: float | None  # sd of the difference of a pair, in points; None where there is nothing to guess it from
    source: str  # where that comes from, in words
    reaches: tuple[Reach, ...]
    minutes: tuple[float, float] | None  # of what is still wanted, at first and at most
    equality: int | None  # pairs that would show that there is no difference beyond the margin, if there is none
    trained: int  # runs of the plan that are there already


def foresee(
    plan: Plan, runs: Iterable[Run], *, labels: Any = None, test_images: int = 10_000, seconds: Mapping[str, float]
) -> Foresight:
    """The foresight of a plan from earlier runs of its recipes and the seconds that a run of each takes."""
    known = [
        run
        for run in runs
        if run.test is not None and run.spec.fingerprint == plan.fingerprint and not run.spec.explores
    ]
    spread, source = expected_spread(plan, known, labels, test_images)
    least, most = plan.study.rule.seeds
    recipes = plan.study.recipes
    each = sum(seconds.get(recipe.hash, math.nan) for recipe in recipes)
    there = {run.id for run in known}
    reaches = []
    for n in sorted({*(n for n in SHOWN if n >= least), most}):
        factor = multipliers(least, n, plan.alpha)[n]
        minutes = each * n / 60
        reaches.append(
            Reach(
                n,
                None if spread is None else detectable(n, spread, factor),
                n * len(recipes),
                None if math.isnan(minutes) else minutes,
            )
        )
    left = [
        sum(seconds.get(w.recipe.hash, math.nan) for w in part if w.id not in there) / 60
        for part in (plan.wanted, plan.most)
    ]
    return Foresight(
        spread=spread,
        source=source,
        reaches=tuple(reaches),
        minutes=None if any(math.isnan(one) for one in left) else (left[0], left[1]),
        equality=None if spread is None else _pairs_to_equality(spread, plan.study.rule.margin),
        trained=len(there & {wanted.id for wanted in plan.most}),
    )


def expected_spread(plan: Plan, known: list[Run], labels: Any, test_images: int) -> tuple[float | None, str]:
    """The sd of differences that is to be expected, and where it is known from: pairs, two runs, or a guess.

    Only accuracies can be guessed, because a right answer is a toss of a coin; of another metric pairs alone tell.
    """
    metric = known_metrics()[plan.study.rule.metric]
    known = [run for run in known if metric.of(run.test) is not None]
    by_recipe = {
        recipe.hash: {run.spec.seed: run for run in known if run.spec.recipe.hash == recipe.hash}
        for recipe in plan.study.recipes
    }
    base = by_recipe[plan.study.base.hash]
    seen = []
    for variant in plan.study.variants:
        other = by_recipe[variant.recipe.hash]
        both = sorted(base.keys() & other.keys())
        if len(both) >= 3:
            gaps = differences(*(points([side[seed] for seed in both], metric.name) for side in (base, other)))
            seen.append((sd(gaps, grid=metric.step(test_images)), len(both)))
    if seen:
        spread, pairs = max(seen)
        return spread, f"from {pairs} pairs that are in the store"
    if metric.name != ACCURACY:
        return None, f"how much the {metric.title} varies is known once 3 pairs are in the store"
    floors = [
        noise_floor(*(correct(run.predictions, labels) for run in list(one.values())[:2]))
        for one in by_recipe.values()
        if labels is not None and len(one) >= 2 and all(run.predictions for run in list(one.values())[:2])
    ]
    if floors:
        return math.sqrt(2) * max(floors), "from the images that two runs of one recipe differ on; a lower bound"
    accuracies = [run.test.accuracy for run in known if run.test]
    error = 1 - sum(accuracies) / len(accuracies) if accuracies else GUESSED_ERROR
    floor = 100 * math.sqrt(FITTED * error / test_images)
    return math.sqrt(2) * MIDDLING * floor, f"a guess, for {test_images:,} test images and {100 * error:.0f} % error"


def _pairs_to_equality(spread: float, margin: float) -> int | None:
    """Pairs for a chance of 4 in 5 to see that equals are equal: about (1.96 + 1.28)^2 (sd/margin)^2, 4 at least."""
    pairs = math.ceil((1.96 + 1.28) ** 2 * (spread / margin) ** 2)
    return max(4, pairs) if pairs <= 10_000 else None

"""Forecasts: before a study, what it costs and what it can see; during it, what it is likely to want still."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ablab.events import Projection
from ablab.metric import ACCURACY, metric_of
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.statistics.giving_up import LONGEST, Price, price
from ablab.statistics.paired import correct, differences, noise_floor, sd
from ablab.statistics.reach import FARTHEST, detectable_effect, pairs_to_equality
from ablab.study.decide import Decision
from ablab.study.noise import Advice, advice
from ablab.study.plan import Plan
from ablab.study.tuning import TuningCost, tuning_cost
from ablab.study.verdict import Verdict, points

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
    quieter: Advice | None  # a way to measure the runs that needs fewer of them
    tuning: TuningCost | None = None  # where the study tunes
    giving_up: tuple[Price, Price] | None = None  # of equals, and of an effect of one margin, where the study may


def before(
    plan: Plan,
    runs: Iterable[Run],
    *,
    labels: Any = None,
    test_images: int = 10_000,
    seconds: Mapping[str, float],
    steps: int | None = None,
) -> Foresight:
    """The foresight of a plan from earlier runs of its recipes, the seconds that a run takes, and steps an epoch."""
    known = [
        run
        for run in runs
        if run.test is not None and run.spec.fingerprint == plan.fingerprint and not run.spec.explores
    ]
    spread, source = expected_spread(plan, known, labels, test_images)
    (least, most), is_open = plan.study.rule.seeds, plan.study.rule.is_open
    recipes = plan.study.recipes
    each = sum(seconds.get(recipe.hash, math.nan) for recipe in recipes)
    there = {run.id for run in known}
    reaches = []
    for n in sorted({*(n for n in SHOWN if n >= least), FARTHEST if is_open else most}):
        effect = detectable_effect(least, n, plan.alpha, is_open=is_open)
        if math.isinf(effect):  # without a last look, the first ones exclude nothing
            continue
        minutes = each * n / 60
        reaches.append(
            Reach(
                n,
                None if spread is None else spread * effect,
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
        equality=_pairs_to_equality(plan, spread),
        trained=len(there & {wanted.id for wanted in plan.most}),
        quieter=advice(recipes, steps) if steps and plan.study.rule.metric == ACCURACY else None,
        tuning=tuning_cost(plan.study, each / 60) if plan.study.tune else None,
        giving_up=_giving_up(plan, spread),
    )


def _giving_up(plan: Plan, spread: float | None) -> tuple[Price, Price] | None:
    """What giving up costs; None where the study never does, is too long, or nothing is known of the spread."""
    rule = plan.study.rule
    least, most = rule.seeds
    if not rule.give_up or not spread or most > LONGEST:
        return None
    margin = rule.margin / spread
    return price(least, most, plan.alpha, margin, 0.0), price(least, most, plan.alpha, margin, margin)


def expected_spread(plan: Plan, known: list[Run], labels: Any, test_images: int) -> tuple[float | None, str]:
    """The sd of differences that is to be expected, and where it is known from: pairs, two runs, or a guess.

    Only accuracies can be guessed, because a right answer is a toss of a coin; of another metric pairs alone tell.
    """
    metric = plan.metric
    known = [run for run in known if metric.of(run) is not None]
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
            gaps = differences(*(points([side[seed] for seed in both], metric) for side in (base, other)))
            seen.append((sd(gaps, grid=metric.step(base[both[0]])), len(both)))
    if seen:
        spread, pairs = max(seen)
        return spread, f"from {pairs} pairs in the store"
    if metric.name != ACCURACY:
        return None, f"ablab can estimate how much the {metric.title} varies once the store has 3 pairs"
    floors = [
        noise_floor(*(correct(run.predictions, labels) for run in list(one.values())[:2]))
        for one in by_recipe.values()
        if labels is not None and len(one) >= 2 and all(run.predictions for run in list(one.values())[:2])
    ]
    if floors:
        return math.sqrt(2) * max(floors), "from the images on which two runs of one recipe differ; a lower bound"
    accuracies = [run.test.accuracy for run in known if run.test]
    error = 1 - sum(accuracies) / len(accuracies) if accuracies else GUESSED_ERROR
    floor = 100 * math.sqrt(FITTED * error / test_images)
    return math.sqrt(2) * MIDDLING * floor, f"a guess, for {test_images:,} test images and {100 * error:.0f} % error"


def _pairs_to_equality(plan: Plan, spread: float | None) -> int | None:
    """At most how many pairs a study must allow itself to show with 80 % power that equals are equal."""
    if not spread:
        return None
    rule, alpha = plan.study.rule, plan.alpha
    return pairs_to_equality(rule.margin / spread, rule.seeds[0], alpha, 2 * alpha, is_open=rule.is_open)


@dataclass(frozen=True)
class Underway:
    """A run that is being trained."""

    spec: RunSpec
    left: float  # share of it that is still to be done
    seconds: float | None  # that all of it takes, as its first step said


def during(plan: Plan, decision: Decision, runs: Iterable[Run], underway: Iterable[Underway] = ()) -> Projection:
    """What a study is likely to want after these runs; those that are on their way share the time that is left."""
    there, rule = {run.id: run for run in runs}, plan.study.rule
    seeds, short = dict.fromkeys((recipe.hash for recipe in plan.study.recipes), 0), []
    for verdict in decision.every:
        both = {plan.study.base.hash, plan.study.named[verdict.variant].hash}
        more = pairs_to_go(verdict, rule.seeds)
        if not more or _is_stuck(plan, there.values(), both, verdict):
            continue
        if verdict.outlook and verdict.outlook.needed is None:
            short.append(verdict.variant)
        for hash_ in both:
            seeds[hash_] = max(seeds[hash_], verdict.tried + more)
    wanted = {one.id: one for one in decision.wanted}
    names, recipes = plan.study.names, plan.study.named
    begun = 1 + max((plan.place(one) for one in decision.wanted), default=-1) if plan.study.is_retuned else 0
    wanted |= {
        one.id: one
        for one in plan.usual(range(begun, max(seeds.values())))
        if plan.place(one) < seeds[recipes[names[one.recipe.hash]].hash]
    }
    coming = [one for id_, one in wanted.items() if id_ not in there] if decision.wanted else []
    if rule.most_runs is not None:
        coming = coming[: max(0, rule.most_runs - len(there))]
    started = {one.spec.id: one for one in underway}
    lasting = seconds_a_run((one.recipe for one in coming), there.values(), started.values())
    left = math.fsum(lasting[one.recipe.hash] * (started[one.id].left if one.id in started else 1.0) for one in coming)
    left /= max(1, len(started))
    return Projection(
        decided=sum(verdict.word != "undecided" for verdict in decision.every),
        comparisons=len(decision.every),
        seeds=max([*seeds.values(), *(verdict.pairs for verdict in decision.every)]),
        coming=tuple(coming),
        seconds=None if math.isnan(left) else left,
        short=tuple(dict.fromkeys(short)),
    )


def seconds_a_run(
    recipes: Iterable[Recipe], runs: Iterable[Run], underway: Iterable[Underway] = ()
) -> dict[str, float]:
    """Seconds that a run of each recipe takes: as runs before it did, else as one on its way says, else the mean."""
    told = {one.spec.recipe.hash: one.seconds for one in underway if one.seconds is not None}
    known = {**told, **measured_seconds(runs)}
    usual = statistics.fmean(known.values()) if known else math.nan
    return {recipe.hash: known.get(recipe.hash, usual) for recipe in recipes}


def measured_seconds(runs: Iterable[Run]) -> dict[str, float]:
    """The mean of the seconds that the runs of each recipe took."""
    took: dict[str, list[float]] = {}
    for run in runs:
        took.setdefault(run.spec.recipe.hash, []).append(run.cost.wall_seconds)
    return {hash_: statistics.fmean(seconds) for hash_, seconds in took.items()}


def _is_stuck(plan: Plan, runs: Iterable[Run], both: set[str], verdict: Verdict) -> bool:
    """The next pair has a run that will never have a value, so there will be no next pair."""
    metric = metric_of(verdict.metric).on(plan.data)
    return any(
        metric.of(run) is None
        and (run.status == "finished" or not plan.protocol.counts_failures)
        and plan.place(run.spec) == verdict.tried
        and run.spec.recipe.hash in both
        for run in runs
    )


def pairs_to_go(verdict: Verdict, seeds: tuple[int, int]) -> int:
    """Pairs until a comparison is likely to be decided, within what the study allows."""
    least, most = seeds
    if verdict.word != "undecided" or verdict.is_given_up:
        return 0
    wanted = least - verdict.pairs if verdict.pairs < least else verdict.needed or FARTHEST
    return max(0, min(wanted, most - verdict.tried))

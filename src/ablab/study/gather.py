"""Gather: what each comparison rests on: its pairs in the order of seeds, the looks at them, and what failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablab.records import Run
from ablab.statistics.failures import rate_interval, reliability
from ablab.statistics.paired import differences, interval
from ablab.statistics.sequential import Look
from ablab.study.failures import Failing, Pair, Scale, Series, every_pair, present, trained_pairs
from ablab.study.plan import Plan
from ablab.study.question.variant import Variant
from ablab.study.verdict import Evidence, word_for

Found = dict[tuple[str, int], Run]  # by the recipe's hash and the number of the seed


@dataclass(frozen=True)
class Paired:
    """The runs of one variant beside those of the base, by one metric."""

    plan: Plan  # as that metric has it
    scale: Scale
    variant: Variant
    both: tuple[
        tuple[Run | None, Run | None], ...
    ]  # of every seed up to the last that has a run, the first ones at least
    pairs: tuple[Pair, ...]  # those of the first seeds, up to one that is not complete
    is_stuck: bool  # and never will be
    every: Series
    trained: Series


def gather(plan: Plan, found: Found, classes: int | None = None) -> tuple[tuple[Evidence, ...], ...]:
    """The evidence on every variant, once for each metric that decides.

    Without the number of classes, a run without an accuracy counts as 0 %.
    """
    least, most = plan.study.rule.seeds
    seeds = range(min(most, max(least, 1 + max((seed for _, seed in found), default=0))))
    variants = plan.study.variants
    paired = [_paired(asked, variant, found, seeds, classes) for asked in plan.by_metric for variant in variants]
    every = _looks(plan, [(one.plan, one.every) for one in paired])
    has_failures = any(one.trained.places != one.every.places for one in paired)
    trained = _looks(plan, [(one.plan, one.trained) for one in paired]) if has_failures else every
    evidence = [_evidence(one.plan, one.scale, one, *both) for one, *both in zip(paired, every, trained, strict=True)]
    return tuple(tuple(evidence[at : at + len(variants)]) for at in range(0, len(evidence), len(variants)))


def _paired(plan: Plan, variant: Variant, found: Found, seeds: range, classes: int | None) -> Paired:
    scale = Scale(plan.metric, classes, plan.protocol.counts_failures)
    base, other = plan.study.base.hash, variant.recipe.hash
    both = tuple((found.get((base, seed)), found.get((other, seed))) for seed in seeds)
    pairs, is_stuck = present(both, scale)
    every = every_pair(pairs, scale)
    trained = trained_pairs(pairs, scale) if scale.counts_failures else every
    return Paired(plan, scale, variant, both, pairs, is_stuck, every, trained)


def _looks(plan: Plan, several: Sequence[tuple[Plan, Series]]) -> tuple[tuple[Look, ...], ...]:
    """The looks at each comparison, up to the first that decides.

    All comparisons share the error, whatever metric they are by. So that one margin is everybody's, differences by
    another metric are turned into the unit in which its margin is as large as that of the first, and turned back.
    """
    factors = [plan.study.rule.margin / asked.study.rule.margin for asked, _ in several]
    paths = [[x * gap for gap in series.differences] for x, (_, series) in zip(factors, several, strict=True)]
    grids = [x * _grid(asked, series.pairs) for x, (asked, series) in zip(factors, several, strict=True)]
    taken = plan.protocol.looks(paths, grids, plan.design)
    return tuple(tuple(look.times(1 / x) for look in looks) for x, looks in zip(factors, taken, strict=True))


def _evidence(plan: Plan, scale: Scale, paired: Paired, every: tuple[Look, ...], trained: tuple[Look, ...]) -> Evidence:
    rule, tried, is_stuck = plan.study.rule, len(paired.pairs), paired.is_stuck
    is_trained = _is_trained(plan, paired, every, trained)
    series, taken = (paired.trained, trained) if is_trained else (paired.every, every)
    if taken and taken[-1].decides(rule.margin):
        series, is_stuck = series.first(taken[-1].pairs), False
        tried = series.places[-1] + 1
    seen = paired.both[: max(rule.seeds[0], tried + is_stuck)]
    failed = [[run is not None and scale.has_failed(run) for run in side] for side in zip(*seen, strict=True)]
    return Evidence(
        metric=plan.metric,
        variant=paired.variant,
        base=plan.study.base,
        pairs=series.pairs,
        values=(series.base, series.variant),
        tried=tried,
        looks=taken,
        runs=sum(right is not None for _, right in seen),
        failures=sum(failed[1]),
        base_failures=sum(failed[0]),
        trained=tuple(
            (left, right)
            for left, right in seen
            if left and right and not (scale.has_failed(left) or scale.has_failed(right))
            if scale.value(left) is not None and scale.value(right) is not None
        ),
        is_stuck=is_stuck,
        apart=sum(map(scale.are_apart, paired.pairs[:tried])),
        unreached=sum(not scale.compares(pair) and not scale.are_apart(pair) for pair in paired.pairs[:tried]),
        failing=_failing(plan, scale, paired.pairs[:tried], series, taken, every) if scale.counts_failures else None,
    )


def _is_trained(plan: Plan, paired: Paired, every: Sequence[Look], trained: Sequence[Look]) -> bool:
    """Whether the verdict is that of the pairs where both trained.

    It is if they decide after fewer seeds than all pairs do, or if neither decides and there is a look at them.
    """
    never = len(paired.both)
    ends = [
        series.places[taken[-1].pairs - 1] if taken and taken[-1].decides(plan.study.rule.margin) else never
        for series, taken in ((paired.every, every), (paired.trained, trained))
    ]
    return paired.trained.places != paired.every.places and (
        ends[1] < ends[0] or (ends[0] == ends[1] == never and bool(trained))
    )


def _failing(
    plan: Plan, scale: Scale, pairs: Sequence[Pair], series: Series, taken: Sequence[Look], looks: Sequence[Look]
) -> Failing:
    """How often runs failed over the seeds that were looked at, and the verdict if they counted otherwise."""
    least, most = plan.study.rule.seeds
    base, variant = ([scale.has_failed(pair[side]) for pair in pairs] for side in (0, 1))
    every = every_pair(pairs, scale)
    where_both_train = series.places != every.places
    seen = next((look.interval for look in looks if look.pairs == len(every.pairs)), None)
    return Failing(
        seeds=len(pairs),
        base=sum(base),
        variant=sum(variant),
        base_rate=rate_interval(sum(base), len(base)),
        variant_rate=rate_interval(sum(variant), len(variant)),
        reliability=reliability(base, variant, least=least, most=most, alpha=plan.alpha),
        where_both_train=where_both_train,
        counted=(seen.mean, seen.low, seen.high) if where_both_train and seen else None,
        chance=scale.chance if scale.counts_as_chance(run for pair in every.pairs for run in pair) else None,
        other_words=_other_words(plan, scale, series, taken),
    )


def _other_words(plan: Plan, scale: Scale, series: Series, taken: Sequence[Look]) -> tuple[str, ...]:
    """The words that the last look gives where runs without a measurement count as the bounds of a failed run."""
    if not taken or not scale.counts_as_chance(run for pair in series.pairs for run in pair):
        return ()
    pairs, words = series.pairs[: taken[-1].pairs], []
    for share in (None, 0.0, 1.0):
        sides = [[scale.value_at(pair[side], share) for pair in pairs] for side in (0, 1)]
        seen = interval(differences(*sides), taken[-1].multiplier, grid=_grid(plan, pairs))
        words.append(word_for(*scale.metric.gain(seen.low, seen.high), plan.study.rule.margin)[0])
    return tuple(sorted({word for word in words[1:] if word != words[0]}))


def _grid(plan: Plan, pairs: Sequence[Pair]) -> float:
    """The smallest step that the values can take."""
    return max((plan.metric.step(run) for pair in pairs for run in pair if run.test), default=0.0)

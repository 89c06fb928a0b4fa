"""Evidence: what each comparison rests on: its pairs in the order of seeds, the looks at them, and what failed.

A trial without a figure has failed. Where the study says what guessing gives, a failed trial counts as that; a pair in
which both failed has no difference. As in studies of recipes there are two series of pairs then, all of them and those
where both have a figure, and the first look that decides, at either, gives the verdict. Without that number a pair with
a failed trial has no difference, and the verdict says that it was left out.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ablab.statistics.failures import Reliability, reliability
from ablab.statistics.paired import differences
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Look
from ablab.trial import Outcome
from ablab.trials.plan import Found, Plan
from ablab.trials.question import Arm, Measure

FINEST = 10_000  # the largest denominator of a share that is taken for one of so many examples
EXACT = 1e-11  # figures are kept with 12 digits

Pair = tuple[Outcome, Outcome]  # base and variant with the same seed


@dataclass(frozen=True)
class Series:
    """Pairs that have a difference, in the order of seeds, with what they count as."""

    places: tuple[int, ...]  # of their seeds in the plan, from 0
    base: tuple[float, ...]
    variant: tuple[float, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        return differences(self.base, self.variant)

    def is_fixed(self, least: int) -> bool:
        """Whether none of the first seeds has changed a figure on either side: there is no spread to judge by."""
        return len(self.places) >= least and len({*self.base[:least]}) == len({*self.variant[:least]}) == 1

    def first(self, pairs: int) -> "Series":
        return Series(self.places[:pairs], self.base[:pairs], self.variant[:pairs])


@dataclass(frozen=True)
class Evidence:
    """What one comparison rests on."""

    arm: Arm
    pairs: tuple[Pair, ...]  # of all seeds that were looked at
    series: Series  # of those, up to the look that decided
    looks: tuple[Look, ...]
    failures: int  # of the variant
    base_failures: int
    reliability: Reliability
    where_both_finish: bool  # the verdict rests on these pairs alone, though failed trials could count
    is_fixed: bool
    is_hopeless: bool  # every trial of the variant has failed, with all first seeds, and they count as nothing

    @property
    def tried(self) -> int:
        """Seeds that were looked at."""
        return len(self.pairs)

    def is_decided(self, margin: float) -> bool:
        return bool(self.looks) and self.looks[-1].decides(margin)

    def is_final(self, margin: float) -> bool:
        """Whether no further seed is of use."""
        return self.is_decided(margin) or self.is_fixed or self.is_hopeless


def gather(plan: Plan, found: Found) -> tuple[Evidence, ...]:
    """The evidence on every variant."""
    measure, study = plan.study.measure, plan.study
    several = [_pairs(plan, arm, found) for arm in study.variants]
    every = [_series(pairs, measure, counts_failures=True) for pairs in several]
    finished = [_series(pairs, measure, counts_failures=False) for pairs in several]
    looks = _looks(plan, every)
    others = looks if every == finished else _looks(plan, finished)
    return tuple(
        _evidence(plan, study.variants[at], several[at], (every[at], looks[at]), (finished[at], others[at]))
        for at in range(len(several))
    )


def has_failed(outcome: Outcome, measure: Measure) -> bool:
    return measure.of(outcome.figures) is None


def _pairs(plan: Plan, arm: Arm, found: Found) -> tuple[Pair, ...]:
    """The pairs up to the first that is not complete."""
    base = plan.study.base
    both = ((found.get((base, at)), found.get((arm.arguments, at))) for at in range(plan.study.rule.seeds[1]))
    complete = itertools.takewhile(lambda pair: pair[0] is not None and pair[1] is not None, both)
    return tuple((left, right) for left, right in complete if left and right)


def _series(pairs: Sequence[Pair], measure: Measure, *, counts_failures: bool) -> Series:
    """The pairs that have a difference, with failed trials as guesses where they count."""
    found: list[tuple[int, float, float]] = []
    guess = measure.guess if counts_failures else None
    for at, pair in enumerate(pairs):
        left, right = (measure.of(outcome.figures) for outcome in pair)
        if left is None and right is None:
            continue
        left, right = (guess if value is None else value for value in (left, right))
        if left is not None and right is not None:
            found.append((at, left, right))
    places, base, variant = zip(*found, strict=True) if found else ((), (), ())
    return Series(tuple(places), tuple(base), tuple(variant))


def _looks(plan: Plan, several: Sequence[Series]) -> tuple[tuple[Look, ...], ...]:
    """The looks at each comparison, up to the first that decides; none where no seed changes anything."""
    least = plan.study.rule.seeds[0]
    grids = [grid(series.first(least), plan.study.measure) for series in several]
    paths = [() if series.is_fixed(least) else series.differences for series in several]
    return recycled_looks(paths, grids, plan.design)


def grid(series: Series, measure: Measure) -> float:
    """The step of the figures: of shares that of one example; else what all the first ones are multiples of, if any.

    It rests on the first pairs alone, so that no later pair changes a look that was taken.

    >>> round(grid(Series((0, 1), (100 / 3, 50.0), (40.0, 60.0)), Measure(unit="%")), 6)  # 10/30, 15/30, ...
    3.333333
    >>> grid(Series((0, 1), (0.123456789, 0.5), (0.25, 0.75)), Measure())
    0.0
    """
    factor = measure.metric.factor
    if measure.examples:
        return factor / measure.examples
    values = [value / factor for value in (*series.base, *series.variant)]
    near = [Fraction(value).limit_denominator(FINEST) for value in values]
    errors = (abs(value - one) / max(1.0, abs(value)) for value, one in zip(values, near, strict=True))
    if not values or max(errors) > EXACT:
        return 0.0
    return factor / math.lcm(*(one.denominator for one in near))


def _evidence(
    plan: Plan,
    arm: Arm,
    pairs: tuple[Pair, ...],
    every: tuple[Series, tuple[Look, ...]],
    finished: tuple[Series, tuple[Look, ...]],
) -> Evidence:
    margin, measure = plan.study.rule.margin, plan.study.measure
    ends = [_end(*side, margin, len(pairs) + 1) for side in (every, finished)]
    is_other = finished[0].places != every[0].places
    where_both_finish = is_other and (ends[1] < ends[0] or (ends[0] == ends[1] and bool(finished[1])))
    series, looks = finished if where_both_finish else every
    if looks and looks[-1].decides(margin):
        series = series.first(looks[-1].pairs)
        pairs = pairs[: max(series.places[-1] + 1, plan.study.rule.seeds[0])]
    failed = [[has_failed(pair[side], measure) for pair in pairs] for side in (0, 1)]
    least, most = plan.study.rule.seeds
    return Evidence(
        arm=arm,
        pairs=pairs,
        series=series,
        looks=looks,
        failures=sum(failed[1]),
        base_failures=sum(failed[0]),
        reliability=reliability(*failed, least=least, most=most, alpha=plan.alpha),
        where_both_finish=where_both_finish,
        is_fixed=series.is_fixed(least),
        is_hopeless=measure.guess is None and len(pairs) >= least and all(failed[1]),
    )


def _end(series: Series, looks: Sequence[Look], margin: float, never: int) -> int:
    """The place of the seed at which a series was decided."""
    return series.places[looks[-1].pairs - 1] if looks and looks[-1].decides(margin) else never


def repeats(outcomes: Mapping[str, Outcome], plan: Plan) -> tuple[float | None, float | None] | None:
    """The figures of the first trial and of the same call once more; None while one of them is missing."""
    if plan.repeat is None or not {plan.first.id, plan.repeat.id} <= outcomes.keys():
        return None
    one, other = (plan.study.measure.of(outcomes[trial.id].figures) for trial in (plan.first, plan.repeat))
    return one, other

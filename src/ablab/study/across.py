"""Does a change do the same on another data set? The difference of its effects, with an interval of its own.

Seeds do not pair across data sets: they draw other images. So the effects of all seed pairs are two independent
samples. Where a study had one look, the interval of their difference is Welch's. Where it looked again and again,
Welch's would find 7 to 9 % of what is not there, because each side stopped when it had found something: then each side
brings the half-width of an interval that holds at all looks, and the two add up as standard errors do. In simulations
that finds at most 4 %. These answers are secondary and share an error.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablab.metric import metric_of
from ablab.statistics.paired import differences, mean
from ablab.statistics.sequential import multipliers
from ablab.statistics.welch import welch_half
from ablab.study.verdict import Verdict, signed

LEAST = 3  # pairs on either side


@dataclass(frozen=True)
class Across:
    """How much more a change does on one data set than on another, in points."""

    variant: str
    data: str
    other: str  # the data set that it is compared with
    effect: float
    low: float
    high: float
    sentence: str


def across(verdicts: Mapping[str, Sequence[Verdict]], seeds: tuple[int, int]) -> tuple[Across, ...]:
    """For every variant and every data set after the first: its effect there minus that on the first."""
    if len(verdicts) < 2:
        return ()
    (other, firsts), *rest = verdicts.items()
    alpha = (1 - firsts[0].confidence) / (len(firsts) * len(rest))
    pairs = [(there, data, first) for data, theirs in rest for first, there in zip(firsts, theirs, strict=True)]
    enough = [pair for pair in pairs if min(pair[0].pairs, pair[2].pairs) >= LEAST]
    return tuple(_between(there, data, first, other, alpha, seeds) for there, data, first in enough)


def difference(first: Verdict, there: Verdict, alpha: float, seeds: tuple[int, int]) -> tuple[float, float, float]:
    """How much larger the effect of the one is, and the ends of the interval."""
    effects = [differences(one.base_accuracies, one.accuracies) for one in (first, there)]
    errors = [(one.sd or 0.0) / math.sqrt(len(each)) for one, each in zip((first, there), effects, strict=True)]
    half = half_width(errors, [len(each) for each in effects], alpha, seeds)
    center = mean(effects[1]) - mean(effects[0])
    return center, center - half, center + half


def half_width(errors: Sequence[float], counts: Sequence[int], alpha: float, seeds: tuple[int, int]) -> float:
    """Half of the interval of a difference of two means, from their standard errors and pairs."""
    if seeds[0] == seeds[1]:
        return welch_half(errors, counts, alpha)
    factors = multipliers(*seeds, alpha)
    return math.hypot(*(factors[count] * error for count, error in zip(counts, errors, strict=True)))


def _between(there: Verdict, data: str, first: Verdict, other: str, alpha: float, seeds: tuple[int, int]) -> Across:
    effect, low, high = difference(first, there, alpha, seeds)
    known = low > 0 or high < 0
    is_more = metric_of(there.metric).gain(effect, effect)[0] > 0
    way = ("more" if is_more else "less") + f" on {data} than on {other}" if known else "no clear interaction"
    gap = f"{signed(effect, there.digits)} {there.unit}".rstrip()
    sentence = (
        f"{there.variant} x data set: {gap} on {data} against {other} ({signed(low, there.digits)} to "
        f"{signed(high, there.digits)}, {there.pairs} and {first.pairs} seed pairs): {way}."
    )
    return Across(there.variant, data, other, effect, low, high, sentence)

"""Does a change do the same on another data set? The difference of its effects, with an interval of its own.

Seeds do not pair across data sets: they draw other images. So the effects of all seed pairs are two independent
samples, and Welch's interval is taken of the difference of their means. These answers are secondary and share an error.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablab.metric import known_metrics
from ablab.statistics.paired import differences, mean, sd
from ablab.study.verdict import Verdict, signed

GRID = 0.01  # points: the smallest step of an accuracy on 10,000 images
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


def across(verdicts: Mapping[str, Sequence[Verdict]]) -> tuple[Across, ...]:
    """For every variant and every data set after the first: its effect there minus that on the first."""
    if len(verdicts) < 2:
        return ()
    (other, firsts), *rest = verdicts.items()
    alpha = (1 - firsts[0].confidence) / (len(firsts) * len(rest))
    pairs = [(there, data, first) for data, theirs in rest for first, there in zip(firsts, theirs, strict=True)]
    enough = [pair for pair in pairs if min(pair[0].pairs, pair[2].pairs) >= LEAST]
    return tuple(_between(there, data, first, other, alpha) for there, data, first in enough)


def welch(a: Sequence[float], b: Sequence[float], alpha: float) -> tuple[float, float, float]:
    """The mean of `b` minus that of `a`, and the ends of Welch's interval.

    >>> [round(one, 3) for one in welch((1.0, 2.0, 3.0), (2.0, 4.0, 6.0, 8.0), 0.05)]
    [3.0, -0.898, 6.898]
    """
    from scipy.special import stdtrit

    parts = [sd(one, grid=GRID) ** 2 / len(one) for one in (a, b)]
    freedom = sum(parts) ** 2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, (a, b), strict=True))
    centre, half = mean(b) - mean(a), -float(stdtrit(freedom, alpha / 2)) * math.sqrt(sum(parts))
    return centre, centre - half, centre + half


def _between(there: Verdict, data: str, first: Verdict, other: str, alpha: float) -> Across:
    effects = [differences(one.base_accuracies, one.accuracies) for one in (first, there)]
    effect, low, high = welch(effects[0], effects[1], alpha)
    known = low > 0 or high < 0
    is_more = known_metrics()[there.metric].gain(effect, effect)[0] > 0
    way = ("more" if is_more else "less") + f" on {data} than on {other}" if known else "no clear interaction"
    gap = f"{signed(effect, there.digits)} {there.unit}".rstrip()
    sentence = (
        f"{there.variant} x data set: {gap} on {data} against {other} ({signed(low, there.digits)} to "
        f"{signed(high, there.digits)}, {there.pairs} and {first.pairs} seed pairs): {way}."
    )
    return Across(there.variant, data, other, effect, low, high, sentence)

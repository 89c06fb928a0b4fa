"""The ratio of two variances that were measured on the same runs, with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablab.errors import StudyError
from ablab.statistics.paired import mean, sd, t_multiplier


@dataclass(frozen=True)
class Ratio:
    """One variance over another, and the ends between which the true ratio lies."""

    value: float
    low: float
    high: float


def variance_ratio(a: Sequence[float], b: Sequence[float], alpha: float = 0.05) -> Ratio:
    """The variance of B over that of A, where A and B are two measurements of the same runs.

    The interval inverts the test of Pitman (1939) and Morgan (1939), which is exact for normal values. It uses the
    correlation of A and B, so it is much narrower than an F interval where the two measurements agree about most runs.

    >>> variance_ratio([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0])
    Ratio(value=4.0, low=4.0, high=4.0)
    """
    count, left, right = len(a), mean(a), mean(b)
    if count < 4 or sd(a) == 0 or sd(b) == 0:
        raise StudyError("a ratio of variances takes at least 4 runs that differ")
    value = (sd(b) / sd(a)) ** 2
    product = math.fsum((x - left) * (y - right) for x, y in zip(a, b, strict=True))
    unexplained = max(0.0, 1 - (product / (count - 1) / sd(a) / sd(b)) ** 2)
    if unexplained < 1e-12:  # the rounding of a correlation of 1
        unexplained = 0.0
    middle = 1 + 2 * t_multiplier(count - 1, alpha) ** 2 * unexplained / (count - 2)  # t has count - 2 degrees
    reach = math.sqrt(middle**2 - 1)
    return Ratio(value, value * (middle - reach), value * (middle + reach))

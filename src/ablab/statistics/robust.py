"""What robust statistics say of the same pairs: does the mean rest on a few of them, or on their skew?

A mean and its t interval are right for roughly normal differences. Here are three figures that assume less: the
Hodges-Lehmann estimate of the center, Yuen's interval of the trimmed mean, and the exact sign-flip test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablab.statistics.paired import Interval, mean, sd

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRIMMED = 5  # one pair in so many is left out at each end, as Wilcox recommends (a fifth)
ALPHA = 0.05  # of the sign-flip test; looser than the interval, which pays for looks and comparisons as well
EXACT = 32  # pairs up to which all sign flips are counted: two halves of 65,536 sums


@dataclass(frozen=True)
class Robust:
    """Figures of one list of differences."""

    center: float  # Hodges-Lehmann
    trimmed: Interval | None  # None with fewer than five pairs, where there is nothing to leave out
    left_out: int  # pairs at each end that the trimmed mean leaves out
    p: float  # of the sign-flip test, two-sided
    least_p: float  # the smallest p that so many pairs can give
    skew: float | None

    @property
    def sees_effect(self) -> bool:
        """The sign-flip test excludes 0 at 5 %, or as clearly as so few pairs can."""
        return self.p <= max(ALPHA, self.least_p)


def robust(differences: Sequence[float], multiplier: float, *, grid: float = 0.0) -> Robust:
    """The robust figures beside an interval of `multiplier` standard errors."""
    pairs = len(differences)
    return Robust(
        center=hodges_lehmann(differences),
        trimmed=trimmed(differences, multiplier, grid=grid) if pairs >= TRIMMED else None,
        left_out=pairs // TRIMMED,
        p=sign_flip(differences),
        least_p=2.0 ** (1 - pairs),
        skew=skewness(differences),
    )


def hodges_lehmann(values: Sequence[float]) -> float:
    """The median of the means of all pairs of values, each with itself included.

    >>> hodges_lehmann([1.0, 2.0, 3.0, 100.0])
    2.75
    """
    import numpy as np

    each = np.asarray(values, np.float64)
    first, second = np.triu_indices(len(each))
    return float(np.median((each[first] + each[second]) / 2))


def trimmed(values: Sequence[float], multiplier: float, *, grid: float = 0.0) -> Interval:
    """Yuen's interval (1974) of the mean without a fifth of the values at each end.

    It is as wide as a t interval at the level that `multiplier` has for all values; `sd` is the winsorized one.
    """
    from scipy.special import stdtr, stdtrit

    order, cut = sorted(values), len(values) // TRIMMED
    kept = order[cut : len(order) - cut]
    winsorized = [kept[0]] * cut + kept + [kept[-1]] * cut
    spread = sd(winsorized, grid=grid)
    error = spread * math.sqrt((len(order) - 1) / (len(kept) * (len(kept) - 1)))
    half = -float(stdtrit(len(kept) - 1, stdtr(len(order) - 1, -multiplier))) * error
    center = mean(kept)
    return Interval(center, spread, center - half, center + half)


def sign_flip(values: Sequence[float]) -> float:
    """The share of all ways to flip signs that give a sum as far from 0 as this one, or farther.

    Exact up to 32 values; beyond that by the normal limit, which is then within a hundredth of it.

    >>> sign_flip([1.0, 2.0, 3.0])
    0.25
    """
    import numpy as np
    from scipy.special import ndtr

    far = abs(math.fsum(values)) - 1e-9 * math.fsum(map(abs, values))  # ties are ties whatever the order of sums
    if len(values) > EXACT:
        spread = math.hypot(*values)
        return 2 * float(ndtr(-max(far, 0.0) / spread)) if spread else 1.0
    middle = len(values) // 2
    left, right = (_signed_sums(part) for part in (values[:middle], values[middle:]))
    right = np.sort(right)
    above = len(right) - np.searchsorted(right, far - left, side="left")
    below = np.searchsorted(right, -far - left, side="right")
    return min(1.0, float((above + below).sum()) / 2.0 ** len(values))


def skewness(values: Sequence[float]) -> float | None:
    """How far one tail outweighs the other (0 for symmetric values); None where nothing varies.

    >>> round(skewness([1.0, 1.0, 1.0, 5.0]), 4)
    1.1547
    """
    center = mean(values)
    square = math.fsum((value - center) ** 2 for value in values) / len(values)
    cube = math.fsum((value - center) ** 3 for value in values) / len(values)
    return cube / square**1.5 if square > 0 else None


def _signed_sums(values: Sequence[float]) -> "NDArray[np.float64]":
    """The sums of all ways to flip signs."""
    import numpy as np

    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums + value, sums - value))
    return sums

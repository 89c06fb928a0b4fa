"""Looking again after every pair of seeds, without paying for it in false findings.

An interval that is looked at after each pair excludes the truth far more often than it says: the plain 95 % t interval,
looked at after pairs 3 to 10, calls 16 % of all differences between equals real. So each look spends a part of the
error that is allowed, and the parts add up to the whole: by look n of at most N, alpha * (n/N)^1.5 is spent. The
multiplier of a look is the t quantile of what that look adds. Adding up is a bound for any dependence between the
looks, so the error of all looks together stays below alpha; the first look is exact, the later ones are wider than they
must be.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablab.study.statistics import Interval, interval, t_multiplier

POWER = 1.5  # how late the error is spent; chosen among 1, 1.5 and 2 by mean seeds used at effects of 1 to 5 sd


@dataclass(frozen=True)
class Look:
    """What was seen after n pairs."""

    pairs: int
    multiplier: float
    interval: Interval

    def decides(self, margin: float) -> bool:
        """The interval leaves out 0, or lies within the margin: no further seed can change the answer."""
        low, high = self.interval.low, self.interval.high
        return low > 0 or high < 0 or (-margin < low and high < margin)


def spent(pairs: int, most: int, alpha: float) -> float:
    """The error that may have been made by the look after so many pairs.

    >>> round(spent(3, 10, 0.05), 5), spent(10, 10, 0.05)
    (0.00822, 0.05)
    """
    return alpha * math.pow(pairs / most, POWER)


@functools.lru_cache(maxsize=256)
def multipliers(least: int, most: int, alpha: float) -> Mapping[int, float]:
    """For each look, how many standard errors the interval reaches to each side.

    >>> [round(c, 2) for c in multipliers(3, 5, 0.05).values()]
    [6.45, 5.39, 4.15]
    """
    steps = {
        n: spent(n, most, alpha) - (spent(n - 1, most, alpha) if n > least else 0.0) for n in range(least, most + 1)
    }
    return {n: t_multiplier(n, step) for n, step in steps.items()}


def looks(
    differences: Sequence[float], factors: Mapping[int, float], *, margin: float, grid: float
) -> tuple[Look, ...]:
    """The looks in order, up to the first that decides; what comes after that one cannot change the answer."""
    taken: list[Look] = []
    for pairs, multiplier in sorted(factors.items()):
        if pairs > len(differences) or (taken and taken[-1].decides(margin)):
            break
        taken.append(Look(pairs, multiplier, interval(differences[:pairs], multiplier, grid=grid)))
    return tuple(taken)

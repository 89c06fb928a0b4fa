"""Looking again after every pair of seeds, without paying for it in false findings.

An interval that is looked at after each pair excludes the truth far more often than it says: the plain 95 % t interval,
looked at after pairs 3 to 10, calls 16 % of all differences between equals real. So each look spends a part of the
error that is allowed: by look n of at most N, alpha * (n/N)^1.5 is spent. The multiplier of a look is such that exactly
so much is spent by then. For normal differences the joint law of all t values does not depend on their spread, so
multipliers can be computed once and for all (`recursion.py`). Those of common studies are in a table, which saves 10 ms
a row (`tools/multipliers.py` makes it).
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from ablab.statistics.paired import Interval, interval, t_multiplier

TABLE = Path(__file__).with_name("multipliers.json")
FOREVER = 1000  # pairs of a study that has no last look, and so spends nothing by the number of pairs
POWER = 1.5  # how late the error is spent; chosen among 1, 1.5 and 2 by mean seeds used at effects of 1 to 5 sd


@dataclass(frozen=True)
class Design:
    """What was settled before the first pair: when one looks, at how many comparisons, and what counts as small."""

    least: int  # pairs at the first look
    most: int
    alpha: float  # the error that all comparisons may make together
    comparisons: int
    margin: float
    is_single_look: bool = False  # at all pairs that there are, so that it may spend the whole error

    def multiplier(self, pairs: int, alpha: float) -> float:
        """How many standard errors the interval after so many pairs reaches to each side."""
        if self.is_single_look:
            return t_multiplier(pairs, alpha)
        return multipliers(self.least, self.most, alpha)[pairs]


@dataclass(frozen=True)
class Look:
    """What was seen after n pairs."""

    pairs: int
    multiplier: float
    interval: Interval
    alpha: float  # the error with which the interval may be wrong, at this look and all others
    equality: "Look | None" = None  # at the level at which equality is decided; None where that is the same

    def times(self, factor: float) -> "Look":
        """The same in another unit."""
        if factor == 1:
            return self
        ends = Interval(*(factor * each for each in astuple(self.interval)))
        return replace(self, interval=ends, equality=self.equality and self.equality.times(factor))

    @property
    def excludes_zero(self) -> bool:
        return self.interval.low > 0 or self.interval.high < 0

    def is_small(self, margin: float) -> bool:
        """Whatever the effect is, it is smaller than the margin."""
        seen = (self.equality or self).interval
        return -margin < seen.low and seen.high < margin

    def decides(self, margin: float) -> bool:
        """The interval excludes 0, or lies within the margin: no further seed can change the answer."""
        return self.excludes_zero or self.is_small(margin)


def spent(pairs: int, most: int, alpha: float) -> float:
    """The error that may have been made by the look after so many pairs.

    >>> round(spent(3, 10, 0.05), 5), spent(10, 10, 0.05)
    (0.00822, 0.05)
    """
    return alpha * math.pow(pairs / most, POWER)


@functools.lru_cache(maxsize=2048)
def multipliers(least: int, most: int, alpha: float) -> Mapping[int, float]:
    """For each look, how many standard errors the interval reaches to each side; without a last look, for ever.

    >>> [round(c, 1) for c in multipliers(3, 5, 0.05).values()]
    [6.4, 4.6, 3.5]
    """
    if most >= FOREVER:
        return {n: open_ended(n, alpha) for n in range(least, most + 1)}
    row = _table().get(str(least), {}).get(f"{alpha:.6g}", {}).get(str(most)) or computed(least, most, alpha)
    return dict(zip(range(least, most + 1), row, strict=True))


def computed(least: int, most: int, alpha: float) -> list[float]:
    """The multipliers of a row, without the table."""
    from ablab.statistics.recursion import exact_multipliers

    return exact_multipliers(least, most, [spent(n, most, alpha) for n in range(least, most + 1)])


def open_ended(pairs: int, alpha: float, prior: float = 0.5) -> float:
    """The multiplier of a look when there is no last one: a mixture over effects (Lindon et al. 2022), valid for ever.

    Infinite while too few pairs are there to exclude anything.

    >>> [round(open_ended(n, 0.05), 2) for n in (3, 4, 5, 10, 20)]
    [inf, 12.05, 5.83, 3.87, 3.52]
    """
    share = prior / (prior + pairs)
    edge = (share * alpha**2) ** (1 / pairs)
    return math.sqrt((pairs - 1) * (1 - edge) / (edge - share)) if edge > share else math.inf


@functools.cache
def _table() -> dict[str, dict[str, dict[str, list[float]]]]:
    rows: dict[str, dict[str, dict[str, list[float]]]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return rows


def looks(
    differences: Sequence[float], factors: Mapping[int, float], *, margin: float, grid: float, alpha: float = 0.05
) -> tuple[Look, ...]:
    """The looks in order, up to the first that decides; what comes after that one cannot change the answer."""
    taken: list[Look] = []
    for pairs, multiplier in sorted(factors.items()):
        if pairs > len(differences) or (taken and taken[-1].decides(margin)):
            break
        taken.append(Look(pairs, multiplier, interval(differences[:pairs], multiplier, grid=grid), alpha))
    return tuple(taken)

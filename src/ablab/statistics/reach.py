"""What looks can reach, by simulation of the rule itself: which effect, how many pairs, and how likely.

A formula for one look at a fixed number of pairs says that 11 pairs show equals to be equal where 16 are needed. So
every number here comes from paths of differences that are judged at every look, with the multipliers of the study. The
draws are seeded: the same question always has the same answer. Differences are in true sds unless they have been seen.
"""

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablab.statistics.paired import POWER
from ablab.statistics.sequential import FOREVER, Look, multipliers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ENOUGH, HOPELESS = 5, 0.10  # pairs before a study may give up, and the chance below which it does
PATHS, BLOCK = 4000, 200  # an 80 % chance is then known within 1.3 points; paths that are judged at a time
NEAR, FEWER = 40, 1000  # pairs to come up to which all paths are drawn, and paths beyond: within 2.5 points
FARTHEST = 100  # pairs of a study that is advised
EXACT, STEPS = 30, 3  # pairs up to which each number is tried, and places between there and the farthest
SEED = 20_270_301


@functools.lru_cache(maxsize=512)
def detectable_effect(least: int, most: int, alpha: float, *, is_open: bool = False) -> float:
    """The effect, in sds of a difference, that some look up to `most` pairs tells from 0 with 80 % power.

    A study that is open looks so often and goes on, and its first looks may find nothing; any other ends there.

    An effect d is found at look n where c_n s_n / sqrt(n) - z_n < d, with z_n the mean of the noise: the smallest such
    number over all looks is the smallest effect that a path finds.
    """
    import numpy as np

    means, spreads = _noise(most)
    factors = multipliers(least, FOREVER if is_open else most, alpha)
    halves = _factors(factors, least, most) * spreads[least - 1 :]
    return float(np.quantile((halves - means[least - 1 :]).min(0), POWER, method="higher"))


@functools.lru_cache(maxsize=512)
def equality_margin(least: int, most: int, alpha: float, equality: float, *, is_open: bool = False) -> float:
    """The margin, in sds, within which a study of up to `most` pairs shows equals to be equal with 80 % power.

    `alpha` is the error of excluding 0, which would end a study before, and `equality` that of being small.
    """
    import numpy as np

    means, spreads = (values[least - 1 :] for values in _noise(most))
    last = FOREVER if is_open else most
    halves = _factors(multipliers(least, last, equality), least, most) * spreads
    reach = np.minimum.accumulate(np.abs(np.stack([means - halves, means + halves])).max(0), 0)
    excluded = np.abs(means) > _factors(multipliers(least, last, alpha), least, most) * spreads
    end = np.where(excluded.any(0), excluded.argmax(0), most - least)
    return float(np.quantile(np.take_along_axis(reach, end[None], 0)[0], POWER, method="higher"))


def pairs_to_detect(ratio: float, least: int, alpha: float) -> int | None:
    """At most how many pairs a study must allow itself to find an effect of `ratio` sds; None beyond the farthest."""
    return _fewest(lambda most: detectable_effect(least, most, alpha), ratio, least)


def pairs_to_equality(ratio: float, least: int, alpha: float, equality: float, *, is_open: bool = False) -> int | None:
    """At most how many pairs a study must allow itself to show that equals are equal within `ratio` sds."""
    return _fewest(lambda most: equality_margin(least, most, alpha, equality, is_open=is_open), ratio, least)


def _fewest(reach: Callable[[int], float], ratio: float, least: int) -> int | None:
    """The fewest pairs at most whose reach is `ratio`, where reach falls with the pairs.

    Up to 30 pairs each number is tried. Beyond, the logarithm of the reach is nearly a line in
    that of the pairs, which is drawn through a few of them.
    """
    if reach(FARTHEST) > ratio:
        return None
    few = max(least, EXACT)
    if reach(few) <= ratio:
        return next(most for most in range(least, few + 1) if reach(most) <= ratio)
    places = [round(few * math.pow(FARTHEST / few, step / STEPS)) for step in range(STEPS + 1)]
    start, end = next((start, end) for start, end in itertools.pairwise(places) if reach(end) <= ratio)
    share = math.log(reach(start) / ratio) / math.log(reach(start) / reach(end))
    return math.ceil(start * math.pow(end / start, share))


@dataclass(frozen=True)
class Ahead:
    """How likely a comparison is decided by each look that is still to come, by the number of pairs."""

    chances: Mapping[int, float]

    def pairs(self, power: float = POWER) -> int | None:
        """The first look by which it is decided with such a chance."""
        return next((pairs for pairs, chance in sorted(self.chances.items()) if chance >= power), None)

    @property
    def last(self) -> float:
        return self.chances[max(self.chances)]


def ahead(
    seen: Sequence[float],
    look: Look,
    margin: float,
    factors: tuple[Mapping[int, float], Mapping[int, float]],
    effect: float | None = None,
) -> Ahead:
    """The looks that follow this one, 100 at most, if the effect is `effect`; None: as what has been seen makes it.

    The true sd is drawn from what the seen one leaves open (its posterior under the prior 1/sd), since a few pairs tell
    little of it. `factors` are the multipliers for 0 and for equality.
    """
    import numpy as np

    n = len(seen)
    most = min(max(factors[0]), n + FARTHEST)
    small, shares = (look.equality or look).interval, []
    start = Start(n, math.fsum(seen), math.fsum(x * x for x in seen), small.low, small.high)
    for chi, first, sums, squares in _drawn(n, most - n, effect is None):
        sds = look.interval.sd * np.sqrt((n - 1) / chi)
        centers = look.interval.mean + sds / math.sqrt(n) * first if effect is None else effect
        decided = decisions(start, (centers, sds), (sums, squares), factors, margin)
        shares.append((decided | look.excludes_zero).mean(1))
    return Ahead(dict(zip(range(n + 1, most + 1), np.mean(shares, 0).tolist(), strict=True)))


@dataclass(frozen=True)
class Start:
    """What is known after n pairs, as numbers or as an array over studies."""

    pairs: int
    total: "float | Array"  # of the differences
    power: "float | Array"  # of their squares
    low: "float | Array"  # what the looks so far leave to the effect, at the level of equality
    high: "float | Array"


def decisions(
    start: Start,
    truth: "tuple[float | Array, Array]",
    noise: "tuple[Array, Array]",
    factors: tuple[Mapping[int, float], Mapping[int, float]],
    margin: float,
) -> "NDArray[np.bool_]":
    """Whether each path is decided by each look that follows: [look, ...].

    `truth` is the effect and the sd of each path, and `noise` its sums and those of its squares.
    """
    import numpy as np

    (centers, sds), (sums, squares) = truth, noise
    last = start.pairs + len(sums)
    more, zero, equality = (
        np.reshape(column, (-1, *[1] * (sums.ndim - 1)))
        for column in (
            np.arange(1, len(sums) + 1),
            *(_factors(each, start.pairs + 1, last, scaled=False) for each in factors),
        )
    )
    means = (start.total + more * centers + sds * sums) / (start.pairs + more)
    powers = start.power + centers * (more * centers + 2 * sds * sums) + sds * sds * squares
    errors = np.sqrt(np.maximum(powers / (start.pairs + more) - means**2, 0) / (start.pairs + more - 1))
    low = np.maximum(np.maximum.accumulate(means - equality * errors, 0), start.low)
    high = np.minimum(np.minimum.accumulate(means + equality * errors, 0), start.high)
    decided = (np.abs(means) > zero * errors) | ((low > -margin) & (high < margin))
    return np.logical_or.accumulate(decided, 0)


@functools.lru_cache(maxsize=8)
def _drawn(n: int, more: int, is_centered: bool) -> "tuple[tuple[Array, ...], ...]":
    """What is drawn for the pairs after n, the same for all comparisons, in blocks that stay in a processor's cache.

    Of a path: the chi-squared of its sd, the normal of its center, and the sums of noise and its squares: [pair, path].
    """
    import numpy as np

    draw, paths = np.random.Generator(np.random.PCG64([SEED, n])), PATHS if more <= NEAR else FEWER
    chi = draw.chisquare(n - 1, paths)
    first = draw.standard_normal(paths) if is_centered else np.zeros(paths)
    noise = draw.standard_normal((more, paths))
    every = (chi, first, noise.cumsum(0), np.square(noise).cumsum(0))
    return tuple(zip(*(np.split(one, paths // BLOCK, -1) for one in every), strict=True))


def _factors(factors: Mapping[int, float], first: int, last: int, *, scaled: bool = True) -> "Array":
    """Multipliers as a column, over the square root of the pairs where they multiply an sd."""
    import numpy as np

    return np.array([[factors[n] / (math.sqrt(n) if scaled else 1.0)] for n in range(first, last + 1)])


def _noise(most: int) -> "tuple[Array, Array]":
    """Mean and sd of the first n of each path of noise: [n, path], the first row without an sd."""
    means, spreads = _longest(FARTHEST if most <= FARTHEST else most)
    return means[:most], spreads[:most]


@functools.lru_cache(maxsize=2)
def _longest(most: int) -> "tuple[Array, Array]":
    import numpy as np

    draws = np.random.Generator(np.random.PCG64(SEED)).standard_normal((most, PATHS))
    counts = np.arange(1, most + 1)[:, None]
    means = draws.cumsum(0) / counts
    squares = np.square(draws).cumsum(0) - counts * means**2
    return means, np.sqrt(np.maximum(squares, 0) / np.maximum(counts - 1, 1))

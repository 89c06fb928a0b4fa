"""Numbers from pairs of runs: effects with their intervals, the part that is only noise, and how many pairs it takes.

Accuracies and differences are in points (percentage points). A pair is two recipes trained with the same seed.
Whatever needs images takes numpy arrays; the rest takes plain sequences.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ablab.errors import StudyError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

POWER = 0.8  # the chance of finding an effect that is there which plans are made for


@dataclass(frozen=True)
class Interval:
    """A mean difference, its spread over pairs, and the ends between which the effect lies."""

    mean: float
    sd: float
    low: float
    high: float

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


def differences(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    """B minus A, pair by pair."""
    return tuple(right - left for left, right in zip(a, b, strict=True))


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def sd(values: Sequence[float], *, grid: float = 0.0) -> float:
    """Spread with divisor n - 1, never below that of rounding two values to a grid.

    Differences that are equal by chance would otherwise give an interval without width: with whole epochs and an sd of
    0.2 it would hold the truth 68 % of the time at 3 pairs, with this guard 97 %.
    """
    centre = mean(values)
    square = math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(max(square, grid**2 / 6))


def interval(values: Sequence[float], multiplier: float, *, grid: float = 0.0) -> Interval:
    """Mean plus and minus `multiplier` standard errors; `grid` is the smallest step the values can take."""
    centre, spread = mean(values), sd(values, grid=grid)
    half = multiplier * spread / math.sqrt(len(values))
    return Interval(centre, spread, centre - half, centre + half)


def ratio_interval(base: Sequence[float], variant: Sequence[float], multiplier: float) -> Interval:
    """Variant over base by the mean of its logarithm, because times are off by a factor rather than by seconds.

    >>> seen = ratio_interval([1.0, 2.0, 4.0], [2.0, 4.0, 8.0], 1.0)
    >>> round(seen.mean, 6)
    2.0
    """
    before, after = ([math.log(value) for value in side] for side in (base, variant))
    seen = interval(differences(before, after), multiplier, grid=1e-4)
    return Interval(math.exp(seen.mean), seen.sd, math.exp(seen.low), math.exp(seen.high))


def t_multiplier(pairs: int, alpha: float) -> float:
    """Student's two-sided quantile for so many pairs.

    >>> round(t_multiplier(10, 0.05), 4)
    2.2622
    """
    from scipy.special import stdtrit

    return -float(stdtrit(pairs - 1, alpha / 2))


def correlation(a: Sequence[float], b: Sequence[float]) -> float | None:
    """How far a good seed for A is a good seed for B; None where that cannot be said."""
    if len(a) < 3:
        return None
    left, right = mean(a), mean(b)
    both = math.fsum((x - left) * (y - right) for x, y in zip(a, b, strict=True))
    spread = math.sqrt(math.fsum((x - left) ** 2 for x in a) * math.fsum((y - right) ** 2 for y in b))
    return max(-1.0, min(1.0, both / spread)) if spread > 0 else None


def chance_better(effect: float, spread: float) -> float:
    """The chance that one run of B beats one run of A with the same seed, if differences are normal.

    >>> round(chance_better(0.67, 1.0), 2)
    0.75
    """
    if spread == 0:
        return 0.5 if effect == 0 else float(effect > 0)
    return _normal(effect / spread)


def relative_error_reduction(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The share of A's mean error that B takes away; negative if it adds to it; None if A makes no error.

    >>> relative_error_reduction([90.0], [92.5])
    0.25
    """
    error = 100 - mean(a)
    return (mean(b) - mean(a)) / error if error > 0 else None


def image_variance(correct_a: "Flags", correct_b: "Flags") -> float:
    """Variance of the mean effect, in points squared, that comes from which images happen to be tested: [n, N] each.

    The spread over images of the seed-averaged difference, less the part of it that is the seeds' own noise.
    """
    import numpy as np

    table = correct_b.astype(np.float64) - correct_a.astype(np.float64)  # [n, N]: -1, 0 or 1
    seeds, images = table.shape
    by_image, by_seed, centre = table.mean(0), table.mean(1), table.mean()
    total, columns = float(((table - centre) ** 2).sum()), seeds * float(((by_image - centre) ** 2).sum())
    residual = total - columns - images * float(((by_seed - centre) ** 2).sum())
    noise = max(residual, 0.0) / ((seeds - 1) * (images - 1))
    spread = float(by_image.var(ddof=1))
    return float(1e4 * max(spread / images - noise / (seeds * images), 0.0))


def widened(seeds: Interval, variance: float, alpha: float) -> tuple[float, float]:
    """The ends of the interval for other seeds *and* other images of the same kind."""
    from scipy.special import ndtri

    more = math.hypot(seeds.half, float(-ndtri(alpha / 2)) * math.sqrt(variance)) - seeds.half
    return seeds.low - more, seeds.high + more


def correct(predictions: bytes, labels: Any) -> "Flags":
    """Which images a run got right: [N]. Predictions are one byte an image, or two, little-endian."""
    import numpy as np

    truth = np.asarray(labels)
    width = 1 if len(predictions) == len(truth) else 2
    if len(predictions) != width * len(truth):
        raise StudyError(f"{len(predictions)} bytes of predictions for {len(truth)} labels")
    return np.asarray(np.frombuffer(predictions, dtype=f"<u{width}") == truth)


def noise_floor(one: "Flags", other: "Flags") -> float:
    """The least sd, in points, that two runs of one recipe can show on these images, from which images they differ on.

    Two seeds give it within 2 %, where an sd from two accuracies is all but worthless. Unstable training adds to it.
    """
    return 100 * math.sqrt(float((one != other).mean()) / (2 * one.size))


def chance_of_gap(gap: float, floor: float) -> float:
    """How often two runs of the same recipe differ by `gap` points or more, if their sd is `floor`.

    >>> round(chance_of_gap(0.99, 0.5), 2)
    0.16
    """
    return 2 * _normal(-abs(gap) / (math.sqrt(2) * floor)) if floor > 0 else float(gap == 0)


def power(pairs: int, effect: float, spread: float, multiplier: float) -> float:
    """The chance that an interval after so many pairs excludes 0, by the noncentral t distribution.

    It is the mean, over what sd may be seen, of the normal chance. scipy's function for it, nctdtr, gives nan for some
    arguments in the middle of its range.

    >>> round(power(10, 1.0, 1.0, t_multiplier(10, 0.05)), 3)
    0.803
    """
    from scipy.special import ndtr

    if spread == 0:
        return float(effect != 0)
    shift = abs(effect) / spread * math.sqrt(pairs)
    seen, weights = _seen_spreads(pairs - 1)
    return float(weights @ (ndtr(shift - multiplier * seen) + ndtr(-shift - multiplier * seen)))


@functools.cache
def gauss(points: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Places in (-1, 1) and weights of Gauss's rule for integrals."""
    import numpy as np

    places, weights = np.polynomial.legendre.leggauss(points)
    return places, weights


@functools.lru_cache(maxsize=4096)
def _seen_spreads(freedom: int) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Values of an sd seen with so many degrees of freedom, in true sds, with their weights by Gauss's rule."""
    import numpy as np
    from scipy.special import chdtri, gammaln

    low, high = (math.sqrt(float(chdtri(freedom, share)) / freedom) for share in (1 - 1e-15, 1e-15))
    points, weights = gauss(80)
    seen = (low + high) / 2 + (high - low) / 2 * points
    half = freedom / 2
    scale = math.log(2) + half * math.log(half) - float(gammaln(half))
    density = np.exp(scale + (freedom - 1) * np.log(seen) - half * seen**2)
    return seen, (high - low) / 2 * weights * density


def needed_pairs(
    effect: float, spread: float, alpha: float, *, chance: float = POWER, most: int = 10_000
) -> int | None:
    """The fewest pairs whose t interval finds such an effect with such a chance; None if `most` would not do.

    >>> [needed_pairs(effect, 1.0, 0.05) for effect in (0.5, 1.0, 2.0)]
    [34, 10, 5]
    """

    def enough(pairs: int) -> bool:
        return power(pairs, effect, spread, t_multiplier(pairs, alpha)) >= chance

    low, high = 2, 2
    while not enough(high):
        low, high = high + 1, 2 * high
        if low > most:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low if low <= most else None


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))

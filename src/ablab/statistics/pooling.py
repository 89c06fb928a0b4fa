"""One effect from several cells (data sets or networks): a random-effects mean, and the interquartile mean.

Cells are few and differ, so the interval is that of Hartung and Knapp (2001) around a mean that allows for differences
between cells (Paule and Mandel 1982). From five cells on there is the interquartile mean of Agarwal et al. (2021).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_FOR_QUARTILES = 5  # cells
RESAMPLES, SEED = 4000, 0  # of the interquartile mean's bootstrap, which draws pairs within each cell


@dataclass(frozen=True)
class Pooled:
    """The mean effect over cells like these, and how far the effects of cells lie apart."""

    mean: float
    low: float
    high: float
    between: float  # sd of the true effects between cells


def random_effects(effects: Sequence[float], errors: Sequence[float], alpha: float) -> Pooled:
    """The mean over cells with the interval of Hartung and Knapp, from effects and their standard errors.

    >>> pooled = random_effects([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], 0.05)
    >>> [round(one, 2) for one in (pooled.mean, pooled.low, pooled.high, pooled.between)]
    [2.0, -0.48, 4.48, 0.99]
    """
    from scipy.special import stdtrit

    between = _between([error**2 for error in errors], effects)
    weights = [1 / (error**2 + between) for error in errors]
    total = math.fsum(weights)
    center = math.fsum(w * effect for w, effect in zip(weights, effects, strict=True)) / total
    spread = math.fsum(w * (effect - center) ** 2 for w, effect in zip(weights, effects, strict=True))
    freedom = len(effects) - 1
    half = -float(stdtrit(freedom, alpha / 2)) * math.sqrt(spread / freedom / total)
    return Pooled(center, center - half, center + half, math.sqrt(between))


def _between(variances: Sequence[float], effects: Sequence[float]) -> float:
    """The variance between cells at which the weighted squares are what they are expected to be; 0 at least."""

    def excess(between: float) -> float:
        weights = [1 / (variance + between) for variance in variances]
        center = math.fsum(w * one for w, one in zip(weights, effects, strict=True)) / math.fsum(weights)
        squares = math.fsum(w * (one - center) ** 2 for w, one in zip(weights, effects, strict=True))
        return squares - (len(effects) - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, 1.0
    while excess(high) > 0:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high


def interquartile_mean(cells: Sequence[Sequence[float]], alpha: float) -> tuple[float, float, float] | None:
    """The mean of the middle half of all pairs of all cells, with a bootstrap interval stratified by cell.

    None with fewer than five cells, where a bootstrap interval is far too short.
    """
    import numpy as np
    from scipy.stats import trim_mean

    if len(cells) < FEWEST_FOR_QUARTILES:
        return None
    draw = np.random.Generator(np.random.PCG64(SEED))
    drawn = [np.asarray(cell)[draw.integers(0, len(cell), (RESAMPLES, len(cell)))] for cell in cells]
    means = trim_mean(np.concatenate(drawn, axis=1), 0.25, axis=1)
    low, high = np.quantile(means, (alpha / 2, 1 - alpha / 2))
    return float(trim_mean(np.concatenate(cells), 0.25)), float(low), float(high)

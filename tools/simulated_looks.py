"""Many simulated studies at once, judged as one is: the rule of `recycling.py` on arrays, and the data that it meets.

A test holds it to the code that judges real studies, comparison by comparison.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablab.statistics.sequential import Design, multipliers

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Ends:
    """How the comparisons of many studies ended: each [study, comparison]."""

    pairs: NDArray[np.int64]
    low: Array  # of the interval for 0
    high: Array
    is_small: Flags  # shown to be smaller than the margin
    small_low: Array  # of the interval for equality
    small_high: Array

    @property
    def is_effect(self) -> Flags:
        """Said to help or hurt, or to have an effect that is negligible."""
        return (self.low > 0) | (self.high < 0)

    @property
    def is_decided(self) -> Flags:
        return self.is_effect | self.is_small


def judged(differences: Array, design: Design, grid: float = 1e-9, factors: Mapping[int, float] | None = None) -> Ends:
    """How studies of such differences, [study, comparison, pair], end; `factors` replace the multipliers."""
    many, variants, most = differences.shape
    zero, equal = (_rows(design, share, factors) for share in (1, 2))
    counts = np.arange(1, most + 1)
    means = differences.cumsum(2) / counts
    squares = np.square(differences - means[..., -1:]).cumsum(2) - counts * np.square(means - means[..., -1:])
    spreads = np.sqrt(np.maximum(squares / np.maximum(counts - 1, 1), grid**2 / 6))
    state = Ends(
        np.zeros((many, variants), np.int64),
        *(np.full((many, variants), -np.inf), np.full((many, variants), np.inf)),
        np.zeros((many, variants), bool),
        *(np.full((many, variants), -np.inf), np.full((many, variants), np.inf)),
    )
    effects, equals, is_open = np.zeros(many, int), np.zeros(many, int), np.ones((many, variants), bool)
    for n in range(design.least, most + 1):
        centre, error = means[..., n - 1], spreads[..., n - 1] / math.sqrt(n)
        while True:
            left = [np.maximum(design.comparisons - used, 1) for used in (effects, equals)]
            low, high = _cut(centre, zero[left[0], n - design.least][:, None] * error, state.low, state.high)
            small = _cut(centre, equal[left[1], n - design.least][:, None] * error, state.small_low, state.small_high)
            is_small = (small[0] > -design.margin) & (small[1] < design.margin)
            is_effect = (low > 0) | (high < 0)
            new = is_open & (is_small | is_effect)
            seen = is_open if not new.any() else new
            for kept, value in ((state.low, low), (state.high, high), (state.is_small, is_small)):
                kept[seen] = value[seen]
            for kept, value in ((state.small_low, small[0]), (state.small_high, small[1])):
                kept[seen] = value[seen]
            state.pairs[seen] = n
            effects += (new & is_effect).sum(1)
            equals += (new & is_small).sum(1)
            is_open &= ~new
            if not new.any():
                break
    return state


def _rows(design: Design, share: int, factors: Mapping[int, float] | None) -> Array:
    """Multipliers by how many comparisons share the error, and look."""
    every = [
        list((factors or multipliers(design.least, design.most, share * design.alpha / among)).values())
        for among in range(1, design.comparisons + 1)
    ]
    return np.array([every[0], *every])


def _cut(centre: Array, half: Array, low: Array, high: Array) -> tuple[Array, Array]:
    own = centre - half, centre + half
    both = np.maximum(own[0], low), np.minimum(own[1], high)
    meets = both[0] <= both[1]
    return np.where(meets, both[0], own[0]), np.where(meets, both[1], own[1])


Draw = Callable[[Any, tuple[int, int]], tuple[Array, Array]]  # base and variant: accuracies of [study, pair], in points

SD = 0.5  # points from seed to seed; a difference then has 0.71
LOW = 4 * SD * math.sqrt(2)


def _two(make: Callable[[Any, tuple[int, int]], Array], other: Callable[[Any, tuple[int, int]], Array]) -> Draw:
    return lambda draw, shape: (make(draw, shape), other(draw, shape))


def _normal(sd: float) -> Callable[[Any, tuple[int, int]], Array]:
    return lambda draw, shape: np.asarray(draw.normal(0, sd, shape))


def _images(images: int) -> Callable[[Any, tuple[int, int]], Array]:
    return lambda draw, shape: 100 * draw.binomial(images, np.clip(draw.normal(0.73, 0.005, shape), 0, 1)) / images


def _low_runs(share: float, depth: float) -> Callable[[Any, tuple[int, int]], Array]:
    """Some runs `depth` points low, and the mean as if none were."""
    return lambda draw, shape: draw.normal(0, SD, shape) - depth * ((draw.random(shape) < share) - share)


def _correlated(draw: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
    shared = draw.normal(0, SD * math.sqrt(0.95), shape)
    return shared + draw.normal(0, SD * math.sqrt(0.05), shape), shared + draw.normal(0, SD * math.sqrt(0.05), shape)


def _uneven(draw: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
    scale = np.exp(draw.normal(0, 1, shape))
    return scale * draw.normal(0, SD, shape), scale * draw.normal(0, SD, shape)


# Equals of many kinds. The last four are skewed in one arm: there the t interval errs, and the page says so.
DATA: dict[str, Draw] = {
    "normal": _two(_normal(SD), _normal(SD)),
    "normal, variances 1 to 5": _two(_normal(SD), _normal(SD * math.sqrt(5))),
    "normal, correlation of pairs 0.95": _correlated,
    "Student's t with 5 degrees of freedom": _two(
        lambda draw, shape: SD * draw.standard_t(5, shape), lambda draw, shape: SD * draw.standard_t(5, shape)
    ),
    "Student's t with 3 degrees of freedom": _two(
        lambda draw, shape: SD * draw.standard_t(3, shape), lambda draw, shape: SD * draw.standard_t(3, shape)
    ),
    "seeds of different variance": _uneven,
    "accuracies on 200 images": _two(_images(200), _images(200)),
    "accuracies on 1,000 images": _two(_images(1000), _images(1000)),
    "accuracies on 10,000 images": _two(_images(10_000), _images(10_000)),
    "8 % of runs 4 sd of a difference low, in both arms": _two(_low_runs(0.08, LOW), _low_runs(0.08, LOW)),
    "8 % of runs 4 sd of a difference low, in one arm": _two(_normal(SD), _low_runs(0.08, LOW)),
    "one arm exponential, the other ten times quieter": _two(
        _normal(SD / 10), lambda draw, shape: SD * (draw.exponential(1, shape) - 1)
    ),
    "one arm lognormal, the other ten times quieter": _two(
        _normal(SD / 10), lambda draw, shape: SD / 2.16 * (draw.lognormal(0, 1, shape) - math.exp(0.5))
    ),
    "1 run in 20 at chance, in one arm, mean effect 0": _two(_normal(SD), _low_runs(0.05, 63.0)),
}
IMAGES = {"accuracies on 200 images": 200, "accuracies on 1,000 images": 1000, "accuracies on 10,000 images": 10_000}


def equals(name: str, draw: Any, many: int, most: int) -> tuple[Array, float]:
    """Differences between equals of a kind, [study, 1, pair], and the grid of their values."""
    base, variant = DATA[name](draw, (many, most))
    grid = 100 / IMAGES[name] if name in IMAGES else 0.01
    return np.round((variant - base) / grid)[:, None] * grid, grid


def family(truths: Array, sd: float, draw: Any, many: int, most: int) -> Array:
    """Differences of variants that share a base, [study, variant, pair]; `sd` is that of a difference."""
    runs = draw.normal(0, sd / math.sqrt(2), (many, len(truths) + 1, most))
    return np.asarray(truths[:, None] + runs[:, 1:] - runs[:, :1])

"""The exact multipliers for repeated looks: one integral a look, over the law of the t values that crossed no bound.

Let x_1, x_2, ... be normal with mean 0, and U_n = (x_1 + ... + x_n) / sqrt(x_1^2 + ... + x_n^2). Student's t of the
first n is sqrt(n - 1) U_n / sqrt(n - U_n^2), so a bound on |t_n| is a bound on |U_n|. The vector (x_1, ..., x_n) has a
direction that is independent of its length. One more x turns that direction by an angle a whose density is proportional
to cos(a)^(n-1), whatever came before:

    U_(n+1) = U_n cos(a) + sin(a)

So U_n is a Markov chain on a line, and the chance to cross at look n + 1 is one integral over a of the law of U_n. That
law is kept as an odd Chebyshev series. U_(n+1) cannot exceed sqrt(1 + b^2) if |U_n| <= b, and its law has a square root
at this end; in the variable arcsin(U_(n+1) / sqrt(1 + b^2)) it is smooth, so the series converges to 6 digits and more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ablab.statistics.paired import gauss, t_multiplier

Array = NDArray[np.float64]

TERMS, POINTS = 36, 28  # of the series; of Gauss's rule on each half of the integral
REACH = 7.5  # standard deviations of the angle beyond which nothing is left: 1e-13
ROUNDS = (8, 6, 5)  # places at which a bound is looked for, each time between two of the last


@dataclass(frozen=True)
class Law:
    """How |U_n| is distributed among the paths that have crossed no bound, up to the bound of look n."""

    pairs: int
    bound: float  # of |U_n|
    scale: float  # U_n = scale * sin(y), and the series is one in y / top
    top: float
    series: Array  # of half the share of paths between -U and U
    inside: float  # share of all paths that has crossed none

    def half(self, place: Array) -> Array:
        """The share of paths between 0 and U_n = place, negative below 0."""
        y = np.arcsin(np.clip(place, -self.bound, self.bound) / self.scale) / self.top
        double, one, two = 4 * y * y - 2, np.zeros_like(y), np.zeros_like(y)
        for term in self.series[::-1]:  # Clenshaw, over the odd degrees alone
            one, two = term + double * one - two, one
        return np.asarray(y * (one - two))


def exact_multipliers(least: int, most: int, spends: Sequence[float]) -> list[float]:
    """The multiplier of each look from `least` to `most`; spends[i] is the error that has been made by look i.

    >>> [round(c, 3) for c in exact_multipliers(3, 5, [0.05 * (n / 5) ** 1.5 for n in (3, 4, 5)])]
    [6.445, 4.554, 3.516]
    """
    found = [t_multiplier(least, spends[0])]
    law = _first(least, found[0], spends[0])
    for n, before, after in zip(range(least + 1, most + 1), spends, spends[1:], strict=False):
        law = _next(law, before, after)
        found.append(law.bound * math.sqrt(n - 1) / math.sqrt(n - law.bound**2))
    return found


def _first(pairs: int, multiplier: float, spent: float) -> Law:
    from scipy.special import stdtr

    nodes, fit = _nodes()
    top = math.atan(multiplier / math.sqrt(pairs - 1))  # where sin(y) = U / sqrt(n)
    shares = stdtr(pairs - 1, math.sqrt(pairs - 1) * np.tan(top * nodes)) - 0.5
    return Law(pairs, math.sqrt(pairs) * math.sin(top), math.sqrt(pairs), top, fit @ shares, 1 - spent)


def _next(law: Law, before: float, after: float) -> Law:
    """The law after one more pair, with the bound that lets exactly `after - before` cross."""
    nodes, fit = _nodes()
    n, scale, step = law.pairs + 1, math.hypot(1, law.bound), after - before

    def place(t: float) -> float:
        return math.asin(min(1 - 1e-14, t * math.sqrt(n) / math.sqrt(n - 1 + t * t) / scale))

    low, high = (
        place(t_multiplier(n, after)),
        place(t_multiplier(n, step)),
    )  # of one look alone, and of looks that exclude each other
    for points in ROUNDS:
        ys = np.linspace(low, high, points)
        shares = _leaving(law, scale * np.sin(ys))
        at = min(max(int(np.searchsorted(-shares, -step)), 1), points - 1)
        low, high = float(ys[at - 1]), float(ys[at])
    top = _where(ys, np.log(np.maximum(shares, 1e-300) / step))
    series = fit @ ((law.inside - _leaving(law, scale * np.sin(top * nodes))) / 2)
    return Law(n, scale * math.sin(top), scale, top, series, law.inside - step)


def _leaving(law: Law, bounds: Array) -> Array:
    """The share of paths that cross each bound of |U_(n+1)| and crossed none before: [bounds]."""
    from scipy.special import gammaln

    n, turn = law.pairs, math.atan(law.bound)
    y, reach = np.arcsin(bounds / math.hypot(1, law.bound)), min(math.pi / 2, REACH / math.sqrt(n))
    # From -bound to bound everything stays for angles below y - turn; from y + turn on, everything leaves.
    ends = [y - turn, np.minimum(y + turn, math.pi - y - turn), math.pi - y - turn]
    edges = np.clip(np.stack(ends), -reach, reach)
    half = (edges[1:] - edges[:-1])[..., None] / 2  # [2, bounds, 1]
    points, weights = gauss(POINTS)
    angles = (edges[1:] + edges[:-1])[..., None] / 2 + half * points
    cosines = np.maximum(np.cos(angles), 1e-15)
    density = np.exp(gammaln((n + 1) / 2) - gammaln(n / 2)) / math.sqrt(math.pi) * cosines ** (n - 1)
    stays = law.half((bounds[:, None] - np.sin(angles)) / cosines)
    return np.asarray(2 * (half * weights * density * (law.inside / 2 - stays)).sum((0, 2)))


def _where(ys: Array, values: Array) -> float:
    """Where a falling function is 0, by the polynomial that gives y for each of its values."""
    total = 0.0
    for at, y in enumerate(ys):
        others = np.delete(values, at)
        total += float(y * np.prod(others / (others - values[at])))
    return total


@cache
def _nodes() -> tuple[Array, Array]:
    """Where an odd series is given by its values on (0, 1), and the matrix from those values to the series."""
    degrees = 2 * np.arange(TERMS) + 1
    angles = math.pi * degrees / (4 * TERMS)
    return np.cos(angles), np.linalg.inv(np.cos(np.outer(angles, degrees)))

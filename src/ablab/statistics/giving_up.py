"""What giving up costs and saves: simulated studies that end where they are hopeless, beside the same that go on.

Each study is drawn with its true effect and judged at every look. At each look that leaves it open, futures are drawn
from what the study has seen, as `reach.ahead` draws them, and it gives up where fewer of them are decided than the rule
asks for. Going on and giving up share their paths, so their difference is known far better than either.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablab.statistics.reach import ENOUGH, HOPELESS, SEED, Start, decisions
from ablab.statistics.sequential import multipliers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Factors = tuple[Mapping[int, float], Mapping[int, float]]  # multipliers for 0 and for equality

STUDIES, FUTURES, FEWEST = 400, 100, 20  # futures that are drawn at each look of a study
LONGEST = 30  # pairs at most of a study whose price is known within a moment
WORK = 1_500_000  # looks at futures that such a moment has time for
BLOCK = 20_000  # of them at a time stay in a processor's cache


@dataclass(frozen=True)
class Price:
    """Going on and giving up: pairs on average, and the share of studies that are decided."""

    pairs: tuple[float, float]
    decided: tuple[float, float]


@dataclass(frozen=True)
class Studies:
    """Simulated studies that go on: [pairs, study] for sums of differences, [look, study] for what looks leave."""

    sums: "Array"
    squares: "Array"
    low: "Array"
    high: "Array"
    ends: "NDArray[np.int64]"  # pairs of each
    are_decided: "NDArray[np.bool_]"

    def start(self, pairs: int, look: int, at: "NDArray[np.int64]") -> Start:
        """What some of them have seen at a look, as columns."""
        sums, squares = self.sums[pairs - 1, at, None], self.squares[pairs - 1, at, None]
        return Start(pairs, sums, squares, self.low[look, at, None], self.high[look, at, None])


@functools.lru_cache(maxsize=64)
def price(least: int, most: int, alpha: float, margin: float, effect: float) -> Price:
    """The price for a comparison with this error, margin and effect; both are in true sds of a difference."""
    import numpy as np

    factors = multipliers(least, most, alpha), multipliers(least, most, 2 * alpha)
    draw = np.random.Generator(np.random.PCG64([SEED, most]))
    studies = _going_on(effect + draw.standard_normal((most, STUDIES)), least, factors, margin)
    stops = _stops(studies, least, factors, margin, draw)
    kept = studies.are_decided & (stops > studies.ends)
    return Price(
        (float(studies.ends.mean()), float(np.minimum(studies.ends, stops).mean())),
        (float(studies.are_decided.mean()), float(kept.mean())),
    )


def _going_on(paths: "Array", least: int, factors: Factors, margin: float) -> Studies:
    """Studies of these paths of differences, judged at every look until the last."""
    import numpy as np

    most = len(paths)
    counts = np.arange(1, most + 1)[:, None]
    sums, squares = paths.cumsum(0), np.square(paths).cumsum(0)
    means = sums[least - 1 :] / counts[least - 1 :]
    spread = squares[least - 1 :] / counts[least - 1 :] - means**2
    errors = np.sqrt(np.maximum(spread, 0) / (counts[least - 1 :] - 1))
    zero, equality = (np.array([[each[n]] for n in range(least, most + 1)]) for each in factors)
    low = np.maximum.accumulate(means - equality * errors, 0)
    high = np.minimum.accumulate(means + equality * errors, 0)
    decided = (np.abs(means) > zero * errors) | ((low > -margin) & (high < margin))
    ends = np.where(decided.any(0), least + decided.argmax(0), most)
    return Studies(sums, squares, low, high, ends, np.asarray(decided.any(0)))


def _stops(
    studies: Studies, least: int, factors: Factors, margin: float, draw: "np.random.Generator"
) -> "NDArray[np.int64]":
    """The pairs after which each study gives up; one more than there are where it never does."""
    import numpy as np

    most, many = studies.sums.shape
    futures = min(FUTURES, max(FEWEST, 6 * WORK // (many * most**2)))
    stops = np.full(many, most + 1)
    for n in range(max(ENOUGH, least), most):
        chi, first = draw.chisquare(n - 1, futures), draw.standard_normal(futures)
        noise = draw.standard_normal((most - n, 1, futures))
        coming = noise.cumsum(0), np.square(noise).cumsum(0)
        going = np.flatnonzero((studies.ends > n) & (stops > n))
        for at in np.array_split(going, math.ceil((most - n) * futures * len(going) / BLOCK) or 1):
            start = studies.start(n, n - least, at)
            means = start.total / n
            sds = np.sqrt(np.maximum(start.power - n * means**2, 0) / chi)  # drawn from their posterior
            truth = means + sds / math.sqrt(n) * first, sds
            chances = decisions(start, truth, coming, factors, margin)[-1].mean(1)
            stops[at[chances < HOPELESS]] = n
    return stops

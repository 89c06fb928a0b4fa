"""How far figures of one and the same recipe lie apart: from run to run, and by the size of the test set.

Nobody outside knows the noise of somebody else's training, so it is looked at over a range: from networks that were
trained well to what the shipped runs of small networks on CIFAR-10 show, by the size of the network and the length
of its training.
"""

import functools
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

from ablab.auditing.claims import Claim
from ablab.statistics.paired import POWER, chance_of_gap, power
from ablab.statistics.sequential import multipliers
from ablab.statistics.welch import welch_freedom, welch_half

SPREADS = Path(__file__).with_name("spreads.json")  # tools/noise_of_runs.py makes it


@dataclass(frozen=True)
class Spread:
    """How far runs of one recipe spread, in points: what a tenth, half and nine tenths of recipes stay below."""

    parameters: int  # of networks with so many or more
    passes: float  # over 45,000 images of CIFAR-10, or more
    recipes: int
    low: float
    middle: float
    high: float


WELL = (0.3, 0.5)  # points from run to run: networks that were trained well, and middling ones
LENGTHS = {"long": 1.0, "middling": 1.3, "very short": 2.5}  # training, and how far its noise is above the floor
FAR = 0.001  # share of repeats below which a gap is called far beyond noise, even at the largest noise of the range


@functools.cache
def spreads() -> tuple[Spread, ...]:
    """What the shipped runs show."""
    return tuple(Spread(**row) for row in json.loads(SPREADS.read_text(encoding="utf-8")))


def spread_of(base: Claim, claim: Claim) -> Spread:
    """The spread of runs most like these two: a length that is not told is taken for long, a size for small.

    >>> spread_of(Claim(60.0, epochs=3), Claim(61.0, epochs=3)).passes
    2
    """
    passes = min((one.epochs for one in (base, claim) if one.epochs), default=math.inf)
    parameters = max((one.parameters for one in (base, claim) if one.parameters), default=0)
    fitting = [one for one in spreads() if one.passes <= passes and one.parameters <= parameters]
    return max(fitting, key=lambda one: (one.passes, one.parameters))


def sds_of(base: Claim, claim: Claim) -> tuple[float, ...]:
    """The spreads from run to run that a gap is set against, in points, the smallest first."""
    seen = spread_of(base, claim)
    return tuple(sorted({*WELL, round(seen.middle, 1), round(seen.high, 1)}))


def usual_sd(base: Claim, claim: Claim) -> float:
    """The spread that a sentence names: that of half the recipes like these."""
    return round(spread_of(base, claim).middle, 1)


def mean_error(base: Claim, claim: Claim) -> float:
    """The share of images that the two get wrong, on average."""
    return 1 - (base.accuracy + claim.accuracy) / 200


def guessed_floor(base: Claim, claim: Claim) -> float | None:
    """The least sd between runs, in points, that a test set of this size allows: sqrt(0.38 * error / N). A guess.

    0.38 is fitted to one well-trained network; short training adds to it.

    >>> round(guessed_floor(Claim(73.0, test_size=10_000), Claim(73.0, test_size=10_000)), 2)
    0.32
    """
    sizes = [size for size in (base.test_size, claim.test_size) if size]
    return 100 * math.sqrt(0.38 * mean_error(base, claim) / min(sizes)) if sizes else None


def share_of_repeats(gap: float, sd: float, base: Claim, claim: Claim) -> float:
    """Of repeats in which two equal recipes differ by so much; means of several runs spread less than single ones."""
    return chance_of_gap(gap, sd * math.sqrt((1 / (base.seeds or 1) + 1 / (claim.seeds or 1)) / 2))


def least_images(gap: float, base: Claim, claim: Claim, comparisons: int) -> int:
    """The smallest test set, rounded up, on which the gap is far beyond the noise of very short training."""
    images = 100
    while True:
        floor = guessed_floor(replace(base, test_size=images), replace(claim, test_size=images)) or 0.0
        if share_of_repeats(gap, LENGTHS["very short"] * floor, base, claim) * comparisons < FAR:
            return images
        images += 100


def have_spread(*claims: Claim) -> bool:
    return all(claim.sd is not None and (claim.seeds or 1) > 1 for claim in claims)


def welch(base: Claim, claim: Claim, alpha: float) -> tuple[float, float, float]:
    """Degrees of freedom and ends of Welch's t interval of the difference; runs need not spread alike.

    >>> [round(x, 2) for x in welch(Claim(73.2, seeds=5, sd=0.5), Claim(74.2, seeds=5, sd=0.5), 0.05)]
    [8.0, 0.27, 1.73]
    """
    assert base.seeds
    assert claim.seeds
    errors, counts = [math.sqrt(_variance(one)) for one in (base, claim)], (base.seeds, claim.seeds)
    half, gap = welch_half(errors, counts, alpha), claim.accuracy - base.accuracy
    return welch_freedom(errors, counts), gap - half, gap + half


def _variance(claim: Claim) -> float:
    """Of the mean; equal figures are never taken for runs without noise, because accuracies are whole images."""
    assert claim.seeds
    grid = 100 / (claim.test_size or 10_000)
    return max((claim.sd or 0.0) ** 2, grid**2 / 6) / claim.seeds


def percent(share: float) -> str:
    """A share as a person says it.

    >>> percent(0.1615), percent(0.004), percent(0.00001)
    ('16 %', '0.4 %', 'under 0.01 %')
    """
    if share < 1e-4:
        return "under 0.01 %"
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def study_pairs(gap: float, alpha: float, sd: float, *, least: int = 5, most: int = 40) -> tuple[int, bool]:
    """At most how many pairs a study should allow itself to find such a gap at such noise, and whether they do.

    >>> study_pairs(0.99, 0.05, 0.5), study_pairs(0.1, 0.05, 0.5)
    ((8, True), (40, False))
    """
    spread = math.sqrt(2) * sd  # of a difference, where pairing buys nothing
    for pairs in range(least, most + 1):
        # its last look alone: what the earlier ones find comes on top
        if power(pairs, gap, spread, multipliers(3, pairs, alpha)[pairs]) >= POWER:
            return pairs, True
    return most, False

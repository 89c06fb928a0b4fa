"""How likely an effect is worth having, after these pairs: probabilities of three regions, by Bayes.

The prior is proper and worth one pair (a unit-information prior, Kass and Wasserman 1995): a difference of 0 whose
spread is the margin. With a prior worth nothing the posterior is the t distribution of Benavoli et al. (2017), as
baycomp has it for independent pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablab.statistics.paired import mean

PRIOR_PAIRS = 1.0


@dataclass(frozen=True)
class Odds:
    """Shares of belief, 1 in all: below minus the margin, within it, above it."""

    below: float
    within: float
    above: float


def odds(differences: Sequence[float], margin: float, prior_pairs: float = PRIOR_PAIRS) -> Odds | None:
    """The posterior over the mean difference, cut at the margins; None where nothing varies and the prior is void.

    >>> seen = odds([0.8, 0.1, 1.2, 0.4, 0.9], 0.5)
    >>> [round(one, 2) for one in (seen.below, seen.within, seen.above)]
    [0.0, 0.37, 0.63]
    """
    from scipy.special import stdtr

    pairs, center = len(differences), mean(differences)
    weight = prior_pairs + pairs
    squares = prior_pairs * margin**2 + math.fsum((one - center) ** 2 for one in differences)
    squares += prior_pairs * pairs * center**2 / weight
    freedom = pairs + prior_pairs if prior_pairs else pairs - 1
    if squares == 0 or freedom <= 0:
        return None
    shrunk, scale = pairs * center / weight, math.sqrt(squares / freedom / weight)
    below, up_to = (float(stdtr(freedom, (end - shrunk) / scale)) for end in (-margin, margin))
    return Odds(below, up_to - below, 1 - up_to)

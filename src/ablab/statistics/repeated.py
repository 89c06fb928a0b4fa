"""The answers to one question, pooled: one look at the pairs of a study and of its replications together.

A study stops when it has found something, and somebody may replicate it because of what it found. A plain t interval
of pairs that are pooled after such a choice misses the truth more often than it says. But every pair is drawn anew,
whatever has decided that there is another one. So the pairs of all answers, in the order in which they were trained,
are one path, and multipliers that hold at all looks of that path hold at the look that is taken.
"""

import math
from collections.abc import Sequence

from ablab.statistics.paired import interval
from ablab.statistics.sequential import FOREVER, Design, Look, multipliers


def pooled_design(design: Design, replications: int) -> Design:
    """What is settled for the pooled looks: they come after two answers at first, and after all of them at last."""
    most = min(design.most * (replications + 1), FOREVER)
    return Design(2 * design.least, most, design.alpha, design.comparisons, design.margin)


def pooled_look(differences: Sequence[float], grid: float, design: Design) -> Look | None:
    """The look at all differences, with what equality needs; None where they are too few."""
    return _look(differences, grid, design, 1, equality=_look(differences, grid, design, 2))


def _look(
    differences: Sequence[float], grid: float, design: Design, shares: int, equality: Look | None = None
) -> Look | None:
    """A look with so many shares of the error: equality takes two, because only one of its sides can be wrong."""
    alpha, pairs = shares * design.alpha / design.comparisons, len(differences)
    multiplier = multipliers(design.least, design.most, alpha).get(pairs, math.inf)
    if math.isinf(multiplier):
        return None
    return Look(pairs, multiplier, interval(differences, multiplier, grid=grid), alpha, equality)

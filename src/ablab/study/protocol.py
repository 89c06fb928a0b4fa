"""Protocols: how looks at pairs become verdicts. A study keeps the one under which its plan was locked.

To judge old runs by a newer protocol would be to choose the rule after the results. So the version is a part of a
plan's hash, a stored plan is found under its own version, and its verdicts stay what they were, to the last digit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ablab.statistics.first_rule import first_looks, first_multipliers
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design, Look, multipliers

Looks = Callable[[Sequence[Sequence[float]], Sequence[float], Design], tuple[tuple[Look, ...], ...]]


@dataclass(frozen=True)
class Protocol:
    """What the versions of the rule that decides differ in."""

    version: int
    multipliers: Callable[[int, int, float], Mapping[int, float]]  # by the first look, the last, and the error
    looks: Looks  # at all comparisons, from the differences of each, their grids, and the design
    shares_with_tuned: bool = True  # verdicts at tuned learning rates are of one family with those at the study's own
    counts_failures: bool = True  # else a run without a measurement ends the pairs


PROTOCOLS = (
    Protocol(2, multipliers, recycled_looks),
    Protocol(1, first_multipliers, first_looks, shares_with_tuned=False, counts_failures=False),
)
NEWEST = PROTOCOLS[0]

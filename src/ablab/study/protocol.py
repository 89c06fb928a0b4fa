"""Protocols: how looks at pairs become verdicts. A study keeps the one under which its plan was locked.

To judge old runs by a newer protocol would be to choose the rule after the results. So the version is a part of a
plan's hash, a stored plan is found under its own version, and its verdicts stay what they were, to the last digit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ablab.statistics.first_rule import first_multipliers
from ablab.statistics.sequential import multipliers


@dataclass(frozen=True)
class Protocol:
    """What the versions of the rule that decides differ in."""

    version: int
    multipliers: Callable[[int, int, float], Mapping[int, float]]  # by the first look, the last, and the error


PROTOCOLS = (Protocol(2, multipliers), Protocol(1, first_multipliers))
NEWEST = PROTOCOLS[0]

"""Welch's interval of the difference of two means whose runs are no pairs and need not spread alike."""

import math
from collections.abc import Sequence


def welch_freedom(errors: Sequence[float], counts: Sequence[int]) -> float:
    """Degrees of freedom, from the standard errors of two means and the values behind each."""
    return math.hypot(*errors) ** 4 / sum(error**4 / (n - 1) for error, n in zip(errors, counts, strict=True))


def welch_half(errors: Sequence[float], counts: Sequence[int], alpha: float) -> float:
    """Half of the interval.

    >>> round(welch_half([0.5774, 1.2910], [3, 4], 0.05), 2)
    3.9
    """
    from scipy.special import stdtrit

    return -float(stdtrit(welch_freedom(errors, counts), alpha / 2)) * math.hypot(*errors)

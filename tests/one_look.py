"""What one look at a fixed number of pairs finds: the law that advice for several looks is held against."""

from ablab.statistics.paired import POWER, power


def detectable(pairs: int, spread: float, multiplier: float, *, chance: float = POWER) -> float:
    """The smallest effect that an interval after so many pairs finds with such a chance."""
    low, high = 0.0, 1.0
    while power(pairs, high, 1.0, multiplier) < chance:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if power(pairs, middle, 1.0, multiplier) >= chance else (middle, high)
    return high * spread

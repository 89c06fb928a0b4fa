"""The range that an argument of an operation may have, where the images decide."""

import math

from ablab.errors import DataError
from ablab.grammar import show


def within(name: str, value: float, low: float, high: float, *, above: bool = False, note: str = "") -> None:
    """Raise unless low <= value <= high (low < value with `above`)."""
    if not math.isfinite(value) or value > high or value < low or (above and value == low):
        allowed = f"more than {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
        raise DataError(f"{name} must be {allowed}{note}, not {show(value)}")


def colours(channels: int) -> None:
    """Raise unless images have colours that a colour operation knows."""
    if channels not in (1, 3):
        raise DataError(f"it changes colors and needs gray or RGB images, not images with {channels} channels")

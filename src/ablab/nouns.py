"""Counts in words: a noun after its number, and the span of several."""

from collections.abc import Sequence


def counted(number: float, noun: str, plural: str = "") -> str:
    """A number with its noun in the singular or the plural; a plural that takes more than an s is given.

    >>> counted(1, "run"), counted(2, "run"), counted(0, "run"), counted(1200, "class", "classes")
    ('1 run', '2 runs', '0 runs', '1,200 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def span_text(values: Sequence[int]) -> str:
    """The smallest and the largest.

    >>> span_text([1200, 1200]), span_text([3, 5]), span_text([])
    ('1,200', '3 to 5', '–')
    """
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"

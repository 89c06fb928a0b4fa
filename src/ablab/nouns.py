"""Counts and times in words: a noun after its number, the span of several, a time as one says it."""

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


def counted_span(least: int, most: int, noun: str) -> str:
    """How many there are between two numbers, with the noun.

    >>> counted_span(9, 30, "run"), counted_span(40, 40, "run")
    ('9 to 30 runs', '40 runs')
    """
    return counted(most, noun) if least == most else f"{least:,} to {counted(most, noun)}"


def ordinal(number: int) -> str:
    """The place of something in a row.

    >>> [ordinal(number) for number in (1, 2, 9, 10, 11, 23, 112)]
    ['first', 'second', 'ninth', '10th', '11th', '23rd', '112th']
    """
    if number < 10:
        return ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"][number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def duration_span(first: float, last: float) -> str:
    """The shortest and the longest time, once where they read alike.

    >>> duration_span(75, 3720), duration_span(75.1, 75.2)
    ('1 min 15 s to 1 h 2 min', '1 min 15 s')
    """
    return " to ".join(dict.fromkeys((duration(first), duration(last))))


def duration(seconds: float) -> str:
    """A time as one says it.

    >>> duration(0.4), duration(12.3), duration(75), duration(3720), duration(7300)
    ('0.4 s', '12 s', '1 min 15 s', '1 h 2 min', '2 h 1 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    all_minutes, of_minute = divmod(round(seconds), 60)
    hours, minutes = divmod(all_minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {of_minute} s" if minutes else f"{of_minute} s"

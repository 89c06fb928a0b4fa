"""How times and intervals are written on a page."""

from ablab.study.verdict import signed


def duration(seconds: float) -> str:
    """Three figures or so, in a unit that one can picture.

    >>> [duration(s) for s in (0.42, 12.3, 754, 9000)]
    ['0.42 s', '12.3 s', '12.6 min', '2.5 h']
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def between(low: float, high: float | None, digits: int = 2) -> str:
    """The ends of an interval.

    >>> between(-0.5, 1.25)
    '-0.50 to +1.25'
    """
    return f"{signed(low, digits)} to {signed(high, digits)}" if high is not None else "–"

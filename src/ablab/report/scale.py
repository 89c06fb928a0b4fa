"""From values to places: scales, round numbers beside them, and how far an axis reaches."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ablab.report.chart import Axis, Intervals, Line, Lines, Point, Scatter

Span = tuple[float, float]
SMALLEST = 1e-30  # on an axis of powers of ten
FAR = 50.0  # largest over smallest, from which on an axis is in powers of ten


@dataclass(frozen=True)
class Scale:
    """A straight line from data to picture, or from their logarithms; low and high are values either way."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        at, low, high = (math.log10(v) if self.is_log else v for v in (value, self.low, self.high))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def can_show(self, value: float) -> bool:
        return is_drawable(value) and (value > SMALLEST or not self.is_log)

    def moved(self, by: float) -> "Scale":
        return replace(self, start=self.start + by, end=self.end + by)


def scale(axis: Axis, span: Span, start: float, end: float) -> Scale:
    return Scale(*span, start, end, axis.is_log)


def marks(axis: Axis, span: Span, most: int = 5) -> list[tuple[float, str]]:
    """The values that are written beside an axis, and how."""
    if axis.is_log:
        return [(value, magnitude(value)) for value in powers(span)]
    if axis.is_counted:
        counted = {max(1, round(tick)) for tick in (1.0, *ticks(*span, most))}
        room = 0.05 * (span[1] - span[0])
        return [(n, str(n)) for n in sorted(counted) if n <= span[1] and (n > 1 + room or n == span[0])]
    values = ticks(*span, most)
    texts = tuple(map(magnitude, values))
    if max(map(abs, values), default=0.0) < 1e4 or len(set(texts)) < len(texts):
        texts = tick_texts(values)
    return list(zip(values, texts, strict=True))


def ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Round numbers between low and high, at most so many.

    >>> ticks(0.0, 1.0), ticks(61.3, 78.9)
    ((0.0, 0.5, 1.0), (65.0, 70.0, 75.0))
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (power * nice for nice in (1, 2, 5, 10, 20, 50)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return tuple(round(number * step, 12) + 0.0 for number in range(first, last + 1))


def tick_texts(values: Sequence[float]) -> tuple[str, ...]:
    """The numbers at an axis, all with as many decimals as tell them apart."""
    step = min((b - a for a, b in itertools.pairwise(values)), default=1.0)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    largest = max(map(abs, values), default=0.0)
    if largest < 1e5:
        return tuple(f"{value:.{decimals}f}" for value in values)
    figures = math.ceil(math.log10(largest / step)) + 2
    return tuple(f"{value:.{figures}g}" for value in values)


def powers(span: Span) -> list[float]:
    """Round numbers on an axis of powers of ten: 1, 2 and 5 of each where there are few, some of many."""
    low, high = (math.log10(end) for end in span)
    exponents = range(math.floor(low), math.ceil(high) + 1)
    steps = (1, 2, 5) if high - low < 2 else (1,)
    values = [step * 10.0**power for power in exponents for step in steps]
    kept = [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]
    return kept[:: 1 + len(kept) // 8]


def magnitude(value: float) -> str:
    """A number with at most four figures and a letter for its size.

    >>> [magnitude(v) for v in (12.34, 82030, 1_500_000, 2.5e9)]
    ['12.34', '82.03k', '1.5M', '2.5G']
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def reach(values: Iterable[float], *, floor: float | None = None) -> Span:
    """A span that holds all values with a little room; equal values get room, too."""
    kept = [value for value in values if is_drawable(value)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    is_flat = high - low <= 1e-9 * max(1.0, abs(high))
    room = max(0.05 * abs(high), 0.01) if is_flat else 0.05 * (high - low)
    return (low - room if floor is None or low < floor else max(floor, low - room)), high + room


def along(axis: Axis, values: Iterable[float], *, floor: float | None = None) -> Span:
    """How far an axis reaches: as it says, or over all values."""
    if axis.span:
        return axis.span
    if not axis.is_log:
        return reach(values, floor=floor)
    low, high = reach(math.log10(value) for value in values if is_drawable(value) and value > SMALLEST)
    return 10.0**low, 10.0**high


def reaching(label: str, values: Iterable[float], unit: str = "") -> Axis:
    """An axis that holds all values; in powers of ten where a straight one would show only the largest."""
    kept = [value for value in values if is_drawable(value)]
    if are_far_apart(kept):
        above = [value for value in kept if value > 0]
        ends = 10.0 ** math.floor(math.log10(min(above))), 10.0 ** math.ceil(math.log10(max(above)))
        return Axis(label, unit, ends, is_log=True)
    return Axis(label, unit, reach(kept))


def summary(curves: Iterable[Iterable[Point]]) -> tuple[tuple[float, float, float, float], ...]:
    """For each x: the mean, the smallest and the largest value of the curves that reach it."""
    at: dict[float, list[float]] = {}
    for points in curves:
        for x, value in points:
            if is_drawable(value):
                at.setdefault(x, []).append(value)
    return tuple((x, math.fsum(seen) / len(seen), min(seen), max(seen)) for x, seen in sorted(at.items()))


def is_drawable(value: float) -> bool:
    """Whether there is a place for a value on an axis: beyond 1e9 all others would be one line."""
    return math.isfinite(value) and abs(value) <= 1e9


def are_far_apart(values: Iterable[float]) -> bool:
    """Whether a straight axis would show only the largest of these values."""
    kept = [value for value in values if is_drawable(value)]
    above = [value for value in kept if value > 0]
    return bool(above) and min(kept) >= 0 and max(above) > FAR * min(above)


def spans(chart: Lines) -> tuple[Span, Span]:
    """How far both axes of a chart of lines reach.

    One run that diverges would flatten all the others, so those that did not finish make the axis only where no other
    line does; the page counts what it cuts off.
    """
    xs = [x for line in chart.lines for x, _ in line.points if is_drawable(x)]
    low, high = chart.x_axis.span or ((min(xs), max(xs)) if xs and not chart.x_axis.is_log else along(chart.x_axis, xs))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    whole = [end for line in chart.lines if line.kind != "unfinished" for end in _ends(line)]
    every = [end for line in chart.lines for end in _ends(line)]
    return (low, high), along(chart.y_axis, whole or every, floor=0.0)


def outside(chart: Lines) -> int:
    """How many single runs have a value that their chart cannot show."""
    low, high = spans(chart)[1]
    return sum(
        any(not (is_drawable(y) and low <= y <= high) for _, y in line.points)
        for line in chart.lines
        if line.kind != "mean"
    )


def scatter_spans(chart: Scatter) -> tuple[Span, Span]:
    """How far both axes of a scatter reach."""
    ends = [end for spot in chart.spots for end in (spot.low, spot.y, spot.high) if end is not None]
    return chart.x_axis.span or _cost_span(chart), along(chart.y_axis, ends)


def _cost_span(chart: Scatter) -> Span:
    """From zero, so that a small difference looks small; in powers of ten around all costs. Costs may be any size."""
    xs = [spot.x for spot in chart.spots if math.isfinite(spot.x)]
    if chart.x_axis.is_log:
        low, high = reach(math.log10(value) for value in xs if value > 0)
        return 10.0**low, 10.0**high
    return (min(0.0, *xs), 1.08 * max(xs)) if xs and max(xs) > 0 else reach(xs)


def forest_span(chart: Intervals) -> Span:
    """The ends of all intervals, and the margin on both sides of zero."""
    ends = [end for one in chart.intervals for end in (one.low, one.effect, one.high) if end is not None]
    return chart.axis.span or reach([*ends, -1.5 * chart.margin, 1.5 * chart.margin])


def upright_span(chart: Intervals) -> Span:
    """The first intervals are so wide that those that matter would be a line: they are cut off at the frame."""
    known = [one for one in chart.intervals if one.low is not None and one.high is not None]
    sides = (-1.4 * chart.margin, 1.4 * chart.margin)
    if chart.axis.span or not known:
        return chart.axis.span or reach(sides)
    last = known[-1]
    low, high = last.low or 0.0, last.high or 0.0
    room = max(2.5 * (high - low), 3 * chart.margin)
    ends = [end for one in known for end in (one.low, one.high) if end is not None]
    return reach([*(min(max(end, low - room), high + room) for end in ends), *sides])


def _ends(line: Line) -> Iterable[float]:
    yield from (y for _, y in line.points if is_drawable(y))
    yield from (end for _, low, high in line.band for end in (low, high) if is_drawable(end))

"""Numbers to SVG text: strips of a forest plot, and panels of curves with bands. Colours and dashes are CSS classes."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Point = tuple[float, float]

WIDTH, HEIGHT = 440, 250  # of a panel, in user units; its text is readable down to a screen of 350 pixels
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 40
INNER = 7  # room inside the frame, so that dots at the first and last epoch are whole
STRIP = 40  # height of a strip in pixels
LARGEST = 1e9  # what is beyond would make every axis useless; it is counted as outside


@dataclass(frozen=True)
class Scale:
    """A straight line from data to picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def moved(self, by: float) -> "Scale":
        return Scale(self.low, self.high, self.start + by, self.end + by)


@dataclass(frozen=True)
class Curve:
    """One run in one panel. Values that are not finite leave a gap."""

    points: tuple[Point, ...]
    selected: float | None = None  # the epoch that counts
    is_finished: bool = True


@dataclass(frozen=True)
class Group:
    """The runs of one recipe, drawn in one style."""

    style: int
    curves: tuple[Curve, ...]

    @property
    def finished(self) -> tuple[Curve, ...]:
        return tuple(curve for curve in self.curves if curve.is_finished)


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


def reach(values: Iterable[float], *, floor: float | None = None) -> tuple[float, float]:
    """An axis that holds all values with a little room; equal values get room, too."""
    kept = [value for value in values if is_drawable(value)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    is_flat = high - low <= 1e-9 * max(1.0, abs(high))
    room = max(0.05 * abs(high), 0.01) if is_flat else 0.05 * (high - low)
    return (low - room if floor is None or low < floor else max(floor, low - room)), high + room


def is_drawable(value: float) -> bool:
    return math.isfinite(value) and abs(value) <= LARGEST


def strip(
    effect: float | None, low: float | None, high: float | None, *, margin: float, span: tuple[float, float], text: str
) -> Markup:
    """One row of the forest plot, as wide as its column: band of the margin, zero line, interval and effect."""
    x = _across(span)
    parts = [
        f'<rect class="margin" x="{x(-margin)}" y="0" width="{_percent(2 * margin / (span[1] - span[0]))}" '
        f'height="{STRIP}"/>',
        f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{STRIP}"/>',
    ]
    middle = STRIP / 2
    if low is not None and high is not None:
        parts += [
            f'<line class="interval" x1="{x(low)}" x2="{x(high)}" y1="{middle:g}" y2="{middle:g}"/>',
            *(
                f'<line class="interval" x1="{x(end)}" x2="{x(end)}" y1="{middle - 5:g}" y2="{middle + 5:g}"/>'
                for end in (low, high)
            ),
        ]
    if effect is not None:
        parts.append(f'<circle class="effect" cx="{x(effect)}" cy="{middle:g}" r="5"/>')
    return _svg(parts, f'class="strip" width="100%" height="{STRIP}"', text)


def strip_axis(span: tuple[float, float], unit: str) -> Markup:
    """The axis below the strips."""
    x, marks = _across(span), ticks(*span)
    parts = ['<line class="axis" x1="0%" x2="100%" y1="0.5" y2="0.5"/>']
    for mark, text in zip(marks, tick_texts(marks), strict=True):
        parts.append(f'<line class="axis" x1="{x(mark)}" x2="{x(mark)}" y1="0" y2="5"/>')
        parts.append(f'<text x="{x(mark)}" y="19" text-anchor="middle">{"+" if mark > 0 else ""}{text}</text>')
    return _svg(parts, 'class="strip" width="100%" height="24"', f"axis, {unit}")


def panel(groups: Sequence[Group], span: tuple[float, float], *, title: str, has_singles: bool = True) -> Markup:
    """Curves against the epoch: for each group a mean with a band from smallest to largest, and each run, faint."""
    last = max((x for group in groups for curve in group.curves for x, _ in curve.points), default=1.0)
    epochs = (1.0, last) if last > 1 else (0.5, 1.5)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    x, y = Scale(*epochs, INNER, wide - INNER), Scale(*span, high, 0)
    marks = ticks(*span)
    parts = []
    for mark, text in zip(marks, tick_texts(marks), strict=True):
        at = _number(TOP + y(mark))
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at}" dy="4" text-anchor="end">{text}</text>')
    parts.append('<g class="across">')
    for mark in sorted({max(1, round(tick)) for tick in (1.0, *ticks(*epochs)) if 1 <= round(tick) <= last}):
        if mark != 1 and x(mark) - x(1) < 18:
            continue
        parts.append(f'<text x="{_number(LEFT + x(mark))}" y="{HEIGHT - 22}" text-anchor="middle">{mark}</text>')
    parts.append(f'</g><text class="along" x="{LEFT + wide / 2:g}" y="{HEIGHT - 5}" text-anchor="middle">epoch</text>')
    # a picture within the picture cuts off what a run that diverged does beyond the frame
    parts.append(f'<svg x="{LEFT}" y="{TOP}" width="{wide}" height="{high}">')
    # with one epoch there are no lines, and dots of all groups at one place could not be told apart
    step = 0.0 if last > 1 else min(30.0, wide / (len(groups) + 1))
    places = [(group, x.moved(step * (at - (len(groups) - 1) / 2))) for at, group in enumerate(groups)]
    parts += [mark for group, across in places for mark in _behind(group, across, y, has_singles)]
    parts += [mark for group, across in places for mark in _mean(group, across, y)]
    parts.append(f'</svg><line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{TOP + high}" y2="{TOP + high}"/>')
    # where values lie in the picture, for the script that points at them
    frame = f'data-frame="{LEFT} {TOP} {wide} {high} {INNER}" data-x="{epochs[0]:g} {epochs[1]:g}" '
    frame += f'data-y="{span[0]!r} {span[1]!r}"'
    return _svg(parts, f'class="panel" viewBox="0 0 {WIDTH} {HEIGHT}" {frame}', title)


def histogram(shares: Sequence[float], highest: float, spread: float, *, style: int, title: str) -> Markup:
    """Bars from -spread to spread, the outer two for all that lies beyond; as high as their roots, for the tails."""
    width, height, below = 240, 110, 18
    x, y = Scale(0, len(shares), 0, width), Scale(0, math.sqrt(highest) or 1.0, height, 4)
    parts = [
        f'<rect class="bar s{style}" x="{_number(x(at) + 0.3)}" y="{_number(y(math.sqrt(share)))}" '
        f'width="{_number(x(1) - 0.6)}" height="{_number(height - y(math.sqrt(share)))}"/>'
        for at, share in enumerate(shares)
        if share > 0
    ]
    parts.append(f'<line class="axis" x1="0" x2="{width}" y1="{height}" y2="{height}"/>')
    for at, anchor, text in ((0, "start", f"≤ -{spread:g}"), (0.5, "middle", "0"), (1, "end", f"≥ {spread:g}")):
        parts.append(f'<text x="{at * width:g}" y="{height + 14}" text-anchor="{anchor}">{text}</text>')
    return _svg(parts, f'class="histogram" viewBox="0 0 {width} {height + below}"', title)


def sample(style: int) -> Markup:
    """The line of a style, for a legend."""
    line = f'<line class="mean s{style}" x1="1" x2="33" y1="6" y2="6"/>'
    return Markup(f'<svg class="sample" width="34" height="12" aria-hidden="true">{line}</svg>')  # noqa: S704 (an int)


def outside(groups: Iterable[Group], span: tuple[float, float]) -> int:
    """How many runs have a value that the panel cannot show."""
    return sum(
        any(not (is_drawable(y) and span[0] <= y <= span[1]) for _, y in curve.points)
        for group in groups
        for curve in group.curves
    )


def summary(curves: Sequence[Curve]) -> tuple[tuple[float, float, float, float], ...]:
    """For each epoch: the mean, the smallest and the largest value of the curves that reach it."""
    at: dict[float, list[float]] = {}
    for curve in curves:
        for epoch, value in curve.points:
            if is_drawable(value):
                at.setdefault(epoch, []).append(value)
    return tuple((epoch, math.fsum(seen) / len(seen), min(seen), max(seen)) for epoch, seen in sorted(at.items()))


def _behind(group: Group, x: Scale, y: Scale, has_singles: bool) -> Iterator[str]:
    """Band, single runs and selected epochs: what the mean is drawn over."""
    rows = summary(group.finished)
    if len(group.finished) > 1:
        upper = [f"{_number(x(e))} {_number(y(top))}" for e, _, _, top in rows]
        lower = [f"{_number(x(e))} {_number(y(low))}" for e, _, low, _ in reversed(rows)]
        if len(rows) == 1:
            upper, lower = _bar(x(rows[0][0]), y(rows[0][3]), y(rows[0][2]))
        yield f'<path class="band s{group.style}" d="M{"L".join([*upper, *lower])}Z"/>'
    for curve in group.curves:
        kind = "one" if curve.is_finished else "unfinished"
        if has_singles or not curve.is_finished:
            yield from _line(curve.points, x, y, f"{kind} s{group.style}", radius=2)
        for epoch, value in curve.points:
            if has_singles and epoch == curve.selected and is_drawable(value):
                yield (
                    f'<circle class="selected s{group.style}" cx="{_number(x(epoch))}" cy="{_number(y(value))}" r="3"/>'
                )


def _mean(group: Group, x: Scale, y: Scale) -> Iterator[str]:
    points = [(epoch, centre) for epoch, centre, _, _ in summary(group.finished)]
    yield from _line(points, x, y, f"mean s{group.style}", radius=4)


def _line(points: Iterable[Point], x: Scale, y: Scale, kind: str, *, radius: int) -> Iterator[str]:
    """A path, interrupted where a value is not finite; a point without neighbours is a dot."""
    pieces: list[list[Point]] = [[]]
    for epoch, value in points:
        if is_drawable(value):
            pieces[-1].append((x(epoch), y(value)))
        elif pieces[-1]:
            pieces.append([])
    for piece in pieces:
        if len(piece) == 1:
            yield f'<circle class="dot {kind}" cx="{_number(piece[0][0])}" cy="{_number(piece[0][1])}" r="{radius}"/>'
        elif piece:
            yield f'<path class="{kind}" d="M{"L".join(f"{_number(a)} {_number(b)}" for a, b in piece)}"/>'


def _bar(x: float, top: float, low: float) -> tuple[list[str], list[str]]:
    """The band of a single epoch: a narrow box."""
    left, right = _number(x - 5), _number(x + 5)
    return [f"{left} {_number(top)}", f"{right} {_number(top)}"], [f"{right} {_number(low)}", f"{left} {_number(low)}"]


def _across(span: tuple[float, float]) -> Callable[[float], str]:
    """Percent of the width for a value: text and dots keep their size on any screen, which a viewBox would not do."""
    scale = Scale(*span, 0, 1)
    return lambda value: _percent(scale(value))


def _percent(share: float) -> str:
    return f"{_number(100 * share, 3)}%"


def _number(value: float, decimals: int = 1) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no place in a picture")
    # browsers keep coordinates as 32-bit floats; what is far outside the frame may lie anywhere far outside
    return f"{round(max(-1e6, min(1e6, value)), decimals) + 0.0:.{decimals}f}".rstrip("0").rstrip(".")


def _svg(parts: Iterable[str], attributes: str, title: str) -> Markup:
    """The picture; its parts are made of numbers alone, and its title, the only text from outside, is escaped."""
    label = escape(title)
    text = f'<svg {attributes} role="img" aria-label="{label}"><title>{label}</title>{"".join(parts)}</svg>'
    return Markup(text)  # noqa: S704

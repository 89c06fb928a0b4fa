"""Curves and maps side by side, as one SVG: the loss along lines, on planes, and gradients over layers."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ablab.report.charts import Scale, tick_texts, ticks

WIDE, HIGH = 400, 300  # of a panel's frame
LEFT, GAP, RIGHT, TOP, BOTTOM = 74, 26, 24, 62, 52
FAR = 50.0  # largest over smallest, from which on an axis is in powers of ten
COLOURS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")  # viridis
LEVELS = 10
BLUE = "#0072b2"

Point = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """Points joined in their order; those that are not finite leave a gap."""

    points: Sequence[Point]
    name: str = ""  # in the legend, where it is not empty
    colour: str = BLUE


@dataclass(frozen=True)
class Panel:
    """Curves of one network, over the same axes as those of the others."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Map:
    """Values of one network on a square grid: rows upwards, columns to the right, both at `places`."""

    title: str
    places: Sequence[float]
    rows: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Axis:
    """From values to places; in powers of ten where a straight scale would show only the largest."""

    scale: Scale
    is_log: bool

    def __call__(self, value: float) -> float:
        return self.scale(math.log10(value) if self.is_log else value)

    def can_show(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.is_log)

    def marks(self) -> list[tuple[float, str]]:
        """Where there are numbers beside the axis, and the numbers."""
        low, high = self.scale.low, self.scale.high
        if not self.is_log:
            at = ticks(low, high)
            return list(zip(map(self.scale, at), tick_texts(at), strict=True))
        apart = max(1, math.ceil((high - low) / 6))
        powers = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1) if power % apart == 0]
        return [(self(power), f"{power:g}") for power in powers]


def axis(values: Sequence[float], start: float, end: float) -> Axis:
    """An axis that holds all values that are finite."""
    kept = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(kept), max(kept)
    above = [value for value in kept if value > 0]
    if is_log := low >= 0 and bool(above) and high > FAR * min(above):
        low, high = math.floor(math.log10(min(above))), math.ceil(math.log10(high))
    room = 0.0 if is_log else 0.04 * (high - low) or 0.5
    return Axis(Scale(low - room, high + room, start, end), is_log)


def curves_svg(panels: Sequence[Panel], *, title: str, x_name: str, y_name: str) -> str:
    """Panels beside each other with the same two axes, so that heights can be compared; a legend for named curves."""
    points = [point for panel in panels for curve in panel.curves for point in curve.points]
    xs = [x for x, _ in points] or [0.0]
    y = axis([value for _, value in points], TOP + HIGH, TOP)
    parts = [_text(LEFT - 8, TOP - 20, y_name, "end")]
    for number, panel in enumerate(panels):
        left = _left(number)
        x = Scale(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, left, left + WIDE)
        across = ticks(x.low, x.high)
        parts += _frame(panel.title, left, [(x(v), f"{v:g}") for v in across], y.marks(), is_first=number == 0)
        parts.append(_text(left + WIDE / 2, TOP + HIGH + 38, x_name, "middle"))
        for curve in panel.curves:
            parts += _path(curve, x, y)
    names = {curve.name: curve.colour for panel in panels for curve in panel.curves if curve.name}
    below = TOP + HIGH + BOTTOM
    for number, (name, colour) in enumerate(names.items()):
        at = LEFT + number % 6 * 130
        height = below + 12 + number // 6 * 20
        parts += [_line(at, height, at + 22, height, colour, 2), _text(at + 28, height + 4, name, "start")]
    legend = 20 * math.ceil(len(names) / 6) + 10 if names else 0
    return _svg(parts, title, _left(len(panels)) - GAP + RIGHT, below + legend)


def maps_svg(maps: Sequence[Map], *, title: str, unit: str) -> str:
    """Maps beside each other in the same colours, with lines of equal value; what is not finite is grey.

    Colours go by powers where all values are above zero: a loss at the rim is often a hundred times that in the middle.
    """
    values = [value for one in maps for row in one.rows for value in row if math.isfinite(value)]
    tone = _tone(values)
    low, high = tone.scale.low, tone.scale.high
    levels = [low + (high - low) * (i + 1) / (LEVELS + 1) for i in range(LEVELS)]
    parts: list[Markup] = []
    for number, one in enumerate(maps):
        left = _left(number)
        step = WIDE / len(one.places)
        x = Scale(one.places[0], one.places[-1], left + step / 2, left + WIDE - step / 2)
        y = Scale(one.places[0], one.places[-1], TOP + WIDE - step / 2, TOP + step / 2)
        parts += list(_cells(one, x, y, step, tone))
        heights = [[math.log10(v) if tone.is_log and v > 0 else v for v in row] for row in one.rows]
        for level in levels:
            for a, b in contour(one.places, heights, level):
                parts.append(_line(x(a[0]), y(a[1]), x(b[0]), y(b[1]), "#fff", 1, opacity=0.65))
        parts.append(_text(x(0), y(0) + 5, "+", "middle", 18, "#fff"))
        marks = ticks(one.places[0], one.places[-1])
        across, up = [(x(v), f"{v:g}") for v in marks], [(y(v), f"{v:g}") for v in marks]
        parts += _frame(one.title, left, across, up, is_first=number == 0, high=WIDE, has_grid=False)
        parts.append(_text(left + WIDE / 2, TOP + WIDE + 38, "first direction", "middle"))
    parts.append(_text(LEFT - 8, TOP - 20, "second", "end"))
    bottom = TOP + WIDE + BOTTOM
    ends = [10.0**at if tone.is_log else at for at in (low, *levels, high)]
    box = WIDE / len(ends)
    for number, end in enumerate(ends):
        colour = _colour(tone(end))
        parts.append(_box(LEFT + number * box, bottom + 6, box, 14, colour))
        parts.append(
            _text(
                LEFT + (number + 0.5) * box, bottom + 36, f"{end:.2g}" if abs(end) < 100 else f"{end:.0f}", "middle", 11
            )
        )
    parts.append(_text(LEFT + WIDE + 8, bottom + 18, unit, "start"))
    return _svg(parts, title, max(_left(len(maps)) - GAP + RIGHT, LEFT + WIDE + 90), bottom + 48)


def contour(places: Sequence[float], rows: Sequence[Sequence[float]], level: float) -> Iterator[tuple[Point, Point]]:
    """Pieces of the line on which a surface has this level, cell by cell, straight within a cell."""
    for i in range(len(places) - 1):
        for j in range(len(places) - 1):
            corners = [(places[b], places[a], rows[a][b]) for a, b in ((i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j))]
            if not all(math.isfinite(value) for *_, value in corners):
                continue
            cuts = []
            for (x1, y1, v1), (x2, y2, v2) in zip(corners, [*corners[1:], corners[0]], strict=True):
                if (v1 < level) != (v2 < level):
                    share = (level - v1) / (v2 - v1)
                    cuts.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
            yield from zip(cuts[::2], cuts[1::2], strict=True)


def shades(number: int) -> list[str]:
    """So many colours from light to dark, for curves that have an order."""
    return [_colour(0.85 * (1 - i / max(number - 1, 1))) for i in range(number)]


def _tone(values: Sequence[float]) -> Axis:
    """From a value to its place among the colours."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if is_log := low > 0:
        low, high = math.log10(low), math.log10(high)
    return Axis(Scale(low, high if high > low else low + 1, 0.0, 1.0), is_log)


def _cells(
    one: Map, x: Callable[[float], float], y: Callable[[float], float], step: float, tone: Axis
) -> Iterator[Markup]:
    for up, row in zip(one.places, one.rows, strict=True):
        for across, value in zip(one.places, row, strict=True):
            colour = _colour(tone(value)) if tone.can_show(value) else "#999999"
            yield _box(x(across) - step / 2, y(up) - step / 2, step + 0.5, step + 0.5, colour)


def _colour(share: float) -> str:
    """The colour at a share of the way from the first to the last.

    >>> _colour(0.0), _colour(1.0)
    ('#440154', '#fde725')
    """
    at = min(max(share, 0.0), 1.0) * (len(COLOURS) - 1)
    below = min(int(at), len(COLOURS) - 2)
    pairs = [(COLOURS[below][i : i + 2], COLOURS[below + 1][i : i + 2]) for i in (1, 3, 5)]
    mixed = [round(int(a, 16) + (at - below) * (int(b, 16) - int(a, 16))) for a, b in pairs]
    return "#" + "".join(f"{one:02x}" for one in mixed)


def _path(curve: Curve, x: Scale, y: Axis) -> Iterator[Markup]:
    """A line, interrupted where a value cannot be shown."""
    piece: list[str] = []
    for across, value in [*curve.points, (math.nan, math.nan)]:
        if y.can_show(value):
            piece.append(f"{x(across):.1f},{y(value):.1f}")
            continue
        if piece:
            yield Markup(
                '<polyline points="{}" fill="none" stroke="{}" stroke-width="1.8" stroke-opacity="0.85"/>'
            ).format(" ".join(piece), curve.colour)
        piece = []


def _left(number: int) -> float:
    return LEFT + number * (WIDE + GAP)


def _frame(
    title: str,
    left: float,
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
    *,
    is_first: bool,
    high: float = HIGH,
    has_grid: bool = True,
) -> Iterator[Markup]:
    """What is around a panel: its title, the lines of its grid, numbers below it and, for the first, beside it."""
    yield _text(left + WIDE / 2, TOP - 10, title if len(title) <= 56 else title[:55] + "…", "middle", 14)
    for at, label in up:
        if has_grid:
            yield _line(left, at, left + WIDE, at, "#ddd")
        if is_first:
            yield _text(left - 8, at + 4, label, "end")
    for at, label in across:
        yield _text(at, TOP + high + 18, label, "middle")
    if has_grid:
        yield _line(left, TOP + high, left + WIDE, TOP + high, "#999")


def _svg(parts: Sequence[Markup], title: str, width: float, height: float) -> str:
    head = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" role="img" font-family="sans-serif" '
        'font-size="13"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/>'
    ).format(w=width, h=height, title=title)
    return str(Markup("").join([head, _text(LEFT, 22, title, "start", 15), *parts, Markup("</svg>\n")]))


def _text(x: float, y: float, said: str, anchor: str, size: int = 13, colour: str = "#333") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="{}" fill="{}">{}</text>').format(
        x, y, anchor, size, colour, said
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, *, opacity: float = 1.0) -> Markup:
    return Markup(
        '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:g}" stroke-opacity="{:g}"/>'
    ).format(x1, y1, x2, y2, colour, width, opacity)


def _box(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" shape-rendering="crispEdges"/>'
    ).format(x, y, width, height, colour)

"""Lines in SVG: bands and single runs behind, means in front, cut off at the frame."""

import itertools
from collections.abc import Iterable, Iterator

from markupsafe import escape

from ablab.report.chart import Line, Lines, Point
from ablab.report.draw.svg.parts import Drawing, Frame, number, path, text
from ablab.report.scale import Scale, reach, scale, spans
from ablab.report.style import ramp

WIDTH, HEIGHT = 440, 250  # in user units; its text is readable down to a screen of 350 pixels
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 40
INNER = 7  # room inside the frame, so that dots at both ends are whole
ORDER = {"one": 0, "unfinished": 1, "mean": 2, "running": 3}
RADIUS = {"one": 2, "unfinished": 2, "mean": 4, "running": 4}  # of a value without neighbours


def lines(chart: Lines, *, has_values: bool = False) -> Drawing:
    """With values, every line but the faint ones says its own beside it, for a script that points at them."""
    x_span, y_span = spans(chart)
    is_named = str(chart.y_axis) not in ("", chart.heading)
    top = TOP + 18 * is_named
    frame = Frame(LEFT, top, WIDTH - LEFT - RIGHT, HEIGHT - top - BOTTOM)
    x = scale(chart.x_axis, x_span, INNER, frame.width - INNER)
    y = scale(chart.y_axis, y_span, frame.height, 0)
    parts = [text(LEFT - 38, 14, str(chart.y_axis), "start")] if is_named else []
    parts += frame.around(chart.x_axis, x.moved(frame.left), chart.y_axis, y.moved(frame.top))
    # a picture within the picture cuts off what a run that diverged does beyond the frame
    parts.append(f'<svg x="{frame.left:g}" y="{frame.top:g}" width="{frame.width:g}" height="{frame.height:g}">')
    places = _places(chart, x)
    parts += [mark for line in chart.lines if line.band for mark in _band(line, places[line.style], y)]
    for line in sorted(chart.lines, key=lambda line: ORDER[line.kind]):
        parts += _line(line, places[line.style], y, chart.y_axis.unit, has_values=has_values)
    if chart.marked is not None and x.can_show(chart.marked):
        at = number(x(chart.marked))
        parts.append(f'<line class="marked" x1="{at}" x2="{at}" y1="0" y2="{frame.height:g}"/>')
        parts.append(text(x(chart.marked) + 6, 14, f"{chart.marked:g}", "start"))
    if has_values:
        parts.append(f'<line class="at" x1="0" x2="0" y1="0" y2="{frame.height:g}" visibility="hidden"/>')
    parts.append("</svg>")
    # where values lie in the picture, for the script that points at them
    where = f'data-frame="{frame.left:g} {frame.top:g} {frame.width:g} {frame.height:g} {INNER}" '
    where += f'data-x="{x_span[0]:g} {x_span[1]:g}" data-y="{y_span[0]!r} {y_span[1]!r}" '
    return Drawing("panel", chart.title, WIDTH, HEIGHT, parts, where)


def _places(chart: Lines, x: Scale) -> dict[int, Scale]:
    """Where each style is drawn: at one x there are no lines, and dots of all styles in one place would be one dot."""
    styles = list(dict.fromkeys(line.style for line in chart.lines))
    is_single = len({at for line in chart.lines for at, _ in line.points}) == 1
    step = min(30.0, (x.end - x.start) / (len(styles) + 1)) if is_single else 0.0
    return {style: x.moved(step * (at - (len(styles) - 1) / 2)) for at, style in enumerate(styles)}


def _band(line: Line, x: Scale, y: Scale) -> Iterator[str]:
    upper = [(x(at), y(high)) for at, _, high in line.band if y.can_show(high)]
    lower = [(x(at), y(low)) for at, low, _ in reversed(line.band) if y.can_show(low)]
    if len(line.band) == 1:
        upper = [(at + by, high) for at, high in upper for by in (-5, 5)]
        lower = [(at + by, low) for at, low in lower for by in (5, -5)]
    if upper and lower:
        yield f'<path class="band s{line.style}" d="M{path([*upper, *lower])}Z"/>'


def _line(line: Line, x: Scale, y: Scale, unit: str, *, has_values: bool) -> Iterator[str]:
    is_told = has_values and line.kind != "one"
    if is_told:
        values = " ".join(f"{at:g}:{value:.6g}" for at, value in line.points)
        name = f'data-name="{escape(line.name)}" data-unit="{escape(unit)}"'
        yield f'<g data-style="s{line.style}" {name} data-values="{values}">'
    colour = "" if line.shade is None else f' stroke="{ramp(line.shade)}"'
    look = f"{line.kind} s{line.style}" if line.shade is None else "shaded"
    yield from pieces(line.points, x, y, look, radius=RADIUS[line.kind], colour=colour)
    for at, value in line.points:
        if at == line.selected and y.can_show(value):
            yield _ring("selected", line, x(at), y(value), 3)
    if line.kind == "running" and line.points and y.can_show(line.points[-1][1]):
        yield _ring("end", line, x(line.points[-1][0]), y(line.points[-1][1]), 4)
    if is_told:
        yield "</g>"


def pieces(points: Iterable[Point], x: Scale, y: Scale, look: str, *, radius: float, colour: str = "") -> Iterator[str]:
    """Paths, interrupted where a value is not finite; a point without neighbours is a dot."""
    shown = ((at, value, x.can_show(at) and y.can_show(value)) for at, value in points)
    for is_there, some in itertools.groupby(shown, key=lambda point: point[2]):
        piece = [(x(at), y(value)) for at, value, _ in some] if is_there else []
        if len(piece) == 1:
            (across, up) = piece[0]
            yield f'<circle class="dot {look}" cx="{number(across)}" cy="{number(up)}" r="{radius:g}"{colour}/>'
        elif piece:
            yield f'<path class="{look}" d="M{path(piece)}"{colour}/>'


def _ring(kind: str, line: Line, x: float, y: float, radius: int) -> str:
    return f'<circle class="{kind} s{line.style}" cx="{number(x)}" cy="{number(y)}" r="{radius}"/>'


def spark(points: Iterable[Point], last: float, *, style: int, title: str) -> Drawing:
    """A line as small as a word: as wide as its run has come."""
    known = tuple(points)
    x, y = Scale(1.0, max(last, 2.0), 2, 93), Scale(*reach(value for _, value in known), 24, 3)
    parts = list(pieces(known, x, y, f"mean s{style}", radius=2))
    if known and y.can_show(known[-1][1]):
        across, up = number(x(known[-1][0])), number(y(known[-1][1]))
        parts.append(f'<circle class="end s{style}" cx="{across}" cy="{up}" r="2.2"/>')
    return Drawing("spark", title, 96, 26, parts, 'width="96" height="26" ')

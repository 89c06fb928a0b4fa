"""Maps in SVG: a cell for each pair of classes, and surfaces with lines of equal value."""

import math
from collections.abc import Iterator

from markupsafe import escape

from ablab.report.chart import HeatMap, Surface
from ablab.report.draw.contour import contour, levels
from ablab.report.draw.names import cell_text, shortened
from ablab.report.draw.svg.parts import Drawing, Frame, number, text
from ablab.report.scale import Scale, magnitude, reach, scale
from ablab.report.style import UNKNOWN, depth, ramp
from ablab.report.wording import visible

CELL = 30  # of a heat map, in user units
NARROWEST = 330  # so that a map of few classes does not become as large as one of many
WRITTEN = 12  # names up to which there is room for numbers in the cells
STRONG = 0.9  # opacity of the full colour
DARK = 0.62  # opacity from which the numbers in it are drawn in the colour of the paper
LETTERS, LETTER = 16, 6.2  # of a name beside a map: how many, and how wide
SIDE, LEFT = 400, 74  # of a surface


def heat_map(chart: HeatMap) -> Drawing:
    """The true class in a row and the answer in a column; colour says size, and the sign of a difference."""
    rows, columns = ([shortened(name, LETTERS) for name in names] for names in (chart.rows, chart.columns))
    left = 12 + LETTER * max(map(len, rows), default=0)
    high = len(rows) * CELL
    parts = [text(left - 6, (i + 0.5) * CELL, name, "end", dy=4) for i, name in enumerate(rows)]
    for j, name in enumerate(columns):
        at = left + (j + 0.5) * CELL
        label = text(at, high + 12, name, "end", dy=4)
        parts.append(label.replace("<text ", f'<text transform="rotate(-50 {at:g} {high + 12})" ', 1))
    for i, values in enumerate(chart.values):
        for j, value in enumerate(values):
            parts += _cell(chart, i, j, value, left)
    width = max(left + len(columns) * CELL + 4, NARROWEST)
    return Drawing("map", chart.title, width, high + 24 + 0.75 * LETTER * max(map(len, columns), default=0), parts)


def _cell(chart: HeatMap, i: int, j: int, value: float, left: float) -> Iterator[str]:
    strength = STRONG * depth(value, chart.largest, is_difference=chart.is_difference)
    kind = "unknown" if not math.isfinite(value) else "less" if chart.is_difference and value < 0 else "more"
    row, column = visible(chart.rows[i]), visible(chart.columns[j])
    size = f"{value:+.1f} points" if chart.is_difference else f"{value:.1f} %"
    label = escape(f"{row} right: {size}" if row == column else f"{row} taken for {column}: {size}")
    place = f'x="{left + j * CELL:g}" y="{i * CELL}" width="{CELL - 1}" height="{CELL - 1}"'
    yield f'<rect class="cell {kind}" {place} fill-opacity="{strength:.2f}"><title>{label}</title></rect>'
    words = cell_text(chart, value, decimals=int(chart.is_difference))
    if words and len(chart.columns) <= WRITTEN:
        kind = "in on" if strength > DARK else "in off"
        yield text(left + j * CELL + (CELL - 1) / 2, (i + 0.5) * CELL, words, "middle", dy=3, kind=kind)


def surface(chart: Surface) -> Drawing:
    """A square of colours with contours, and the colours with their values below it; what is not finite is grey."""
    frame = Frame(LEFT, 26, SIDE, SIDE)
    step = SIDE / max(len(chart.places), 1)
    span = reach(chart.places) if len(set(chart.places)) < 2 else (chart.places[0], chart.places[-1])
    x = Scale(*span, frame.left + step / 2, frame.left + SIDE - step / 2)
    y = Scale(*span, frame.top + SIDE - step / 2, frame.top + step / 2)
    low, high = chart.colour.span or reach(value for row in chart.values for value in row)
    tone = scale(chart.colour, (low, high), 0.0, 1.0)
    parts = []
    for up, row in zip(chart.places, chart.values, strict=True):
        for across, value in zip(chart.places, row, strict=True):
            colour = ramp(tone(value)) if tone.can_show(value) else UNKNOWN
            parts.append(_box(x(across) - step / 2, y(up) - step / 2, step + 0.5, step + 0.5, colour))
    for level in levels(tone):
        for a, b in contour(chart.places, chart.values, level):
            place = f'x1="{number(x(a[0]))}" y1="{number(y(a[1]))}" x2="{number(x(b[0]))}" y2="{number(y(b[1]))}"'
            parts.append(f'<line class="contour" {place}/>')
    parts.append(text(x(0), y(0) + 5, "+", "middle", kind="centre"))
    parts += (mark for mark in frame.around(chart.x_axis, x, chart.y_axis, y) if 'class="grid"' not in mark)
    parts.append(text(LEFT - 8, 14, str(chart.y_axis), "end"))
    below = frame.top + SIDE + 46
    steps = [low, *levels(tone), high]
    for at, end in enumerate(steps):
        left, wide = LEFT + at * SIDE / len(steps), SIDE / len(steps)
        parts.append(_box(left, below, wide, 14, ramp(tone(end))))
        parts.append(text(left + wide / 2, below + 30, magnitude(float(f"{end:.2g}")), "middle"))
    parts.append(text(LEFT + SIDE, below - 6, str(chart.colour), "end"))
    return Drawing("map", chart.title, LEFT + SIDE + 24, below + 40, parts)


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {place} fill="{colour}" shape-rendering="crispEdges"/>'

"""Scatters and bars in SVG: a numbered circle for each recipe, and how sizes are spread."""

import math

from markupsafe import escape

from ablab.report.chart import Bars, Scatter
from ablab.report.draw.svg.parts import Drawing, Frame, number, path, text
from ablab.report.scale import Scale, magnitude, scale, scatter_spans
from ablab.report.wording import visible


def scatter(chart: Scatter) -> Drawing:
    """Circles with the number of their recipe, the intervals of their means, and the front."""
    is_named = str(chart.y_axis) not in ("", chart.heading)
    frame = Frame(36, 6 + 18 * is_named, 298, 204 - 18 * is_named)
    x_span, y_span = scatter_spans(chart)
    room = 12 * chart.x_axis.is_log
    x = scale(chart.x_axis, x_span, frame.left + room, frame.left + frame.width - room)
    y = scale(chart.y_axis, y_span, frame.top + frame.height - 12, frame.top + 12)
    parts = [text(0, 14, str(chart.y_axis), "start")] if is_named else []
    parts += frame.around(chart.x_axis, x, chart.y_axis, y)
    shown = [spot for spot in chart.spots if math.isfinite(spot.x) and (spot.x > 0 or not x.is_log)]
    steps = [(x(spot.x), y(spot.y)) for spot in chart.front if spot in shown]
    if steps:
        parts.append(f'<path class="front" d="M{path(steps)}"/>')
    for spot in shown:
        cx, cy = number(x(spot.x)), number(y(spot.y))
        label = escape(f"{visible(spot.name)}: {spot.y:.2f} %, {magnitude(spot.x)}, n = {spot.n}")
        parts.append(f'<g class="spot s{spot.style}"><title>{label}</title>')
        if spot.low is not None and spot.high is not None:
            parts.append(f'<line x1="{cx}" x2="{cx}" y1="{number(y(spot.low))}" y2="{number(y(spot.high))}"/>')
        parts.append(f'<circle cx="{cx}" cy="{cy}" r="9"/>')
        parts.append(f"{text(x(spot.x), y(spot.y), str(spot.number), 'middle', dy=4)}</g>")
    return Drawing("scatter", chart.title, 340, 250, parts)


def bars(chart: Bars) -> Drawing:
    """Bars as high as the roots of their shares, for the tails."""
    width, height = 240, 110
    x = Scale(0, max(len(chart.shares), 1), 0, width)
    y = Scale(0, math.sqrt(chart.largest) if 0 < chart.largest < math.inf else 1.0, height, 4)
    parts = []
    for at, share in enumerate(chart.shares):
        if 0 < share < math.inf:
            top = y(math.sqrt(min(share, chart.largest)))
            place = f'x="{number(x(at) + 0.3)}" y="{number(top)}" width="{number(x(1) - 0.6)}"'
            parts.append(f'<rect class="bar s{chart.style}" {place} height="{number(height - top)}"/>')
    parts.append(f'<line class="axis" x1="0" x2="{width}" y1="{height}" y2="{height}"/>')
    low, high = chart.axis.span or (0.0, float(len(chart.shares)))
    for place_, anchor, label in (
        (0, "start", f"≤ {low:g}"),
        (0.5, "middle", f"{(low + high) / 2:g}"),
        (1, "end", f"≥ {high:g}"),
    ):
        parts.append(text(place_ * width, height + 14, label, anchor))
    return Drawing("histogram", chart.title, width, height + 18, parts)

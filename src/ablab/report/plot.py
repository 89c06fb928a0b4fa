"""One curve, as text for the terminal and as an SVG."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from ablab.report.charts import Scale, ticks

EIGHTHS = " ▁▂▃▄▅▆▇█"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 20, 36, 48


def text(values: Sequence[float], *, rows: int = 8, columns: int = 72, low: float | None = None) -> str:
    """Bars from `low` (else the lowest value) up, one for each column, with the ends of the scale in front."""
    step = max(1.0, len(values) / columns)
    picked = [values[int(i * step)] for i in range(min(columns, len(values)))]
    floor, top = min(picked) if low is None else low, max(picked)
    span = top - floor or 1.0
    lines = []
    for row in range(rows - 1, -1, -1):
        bars = ((value - floor) / span * rows - row for value in picked)
        label = f"{top:.3g}" if row == rows - 1 else f"{floor:.3g}" if row == 0 else ""
        lines.append(f"{label:>9} " + "".join(EIGHTHS[min(8, max(0, round(8 * bar)))] for bar in bars).rstrip())
    return "\n".join(lines)


def svg(
    xs: Sequence[float],
    ys: Sequence[float],
    *,
    title: str,
    x_name: str,
    y_name: str,
    is_log: bool = False,
    marked: float | None = None,
) -> str:
    """A line over its axes, x in powers of ten if `is_log`; `marked` is an x with a dashed line and its value."""
    place = [math.log10(x) for x in xs] if is_log else list(xs)
    x = Scale(min(place), max(place) if max(place) > min(place) else min(place) + 1, LEFT, WIDTH - RIGHT)
    low, high = min(0.0, *ys), max(ys)
    y = Scale(low, high if high > low else low + 1, HEIGHT - BOTTOM, TOP)
    points = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in zip(place, ys, strict=True))
    powers = range(math.ceil(x.low), math.floor(x.high) + 1)
    marks = [(x(p), f"{10.0**p:g}") for p in powers] if is_log else [(x(v), f"{v:g}") for v in ticks(x.low, x.high)]
    heights = [(y(v), f"{v:.3g}") for v in ticks(y.low, y.high)]
    parts = [
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="13">'
            '<rect width="{w}" height="{h}" fill="#fff"/><title>{title}</title>'
        ).format(w=WIDTH, h=HEIGHT, title=title),
        _text(LEFT, 22, title, "start", 15),
        *(_line(LEFT, at, WIDTH - RIGHT, at, "#ddd") for at, _ in heights),
        *(_text(LEFT - 8, at + 4, label, "end") for at, label in heights),
        *(_text(at, HEIGHT - BOTTOM + 18, label, "middle") for at, label in marks),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_name, "middle"),
        _text(LEFT - 8, TOP - 4, y_name, "end"),
        Markup('<polyline points="{}" fill="none" stroke="#0072b2" stroke-width="2"/>').format(points),
    ]
    if marked is not None:
        at = x(math.log10(marked) if is_log else marked)
        parts += [
            Markup(
                '<line x1="{x:.1f}" y1="{a}" x2="{x:.1f}" y2="{b}" stroke="#d55e00" stroke-dasharray="5 4"/>'
            ).format(x=at, a=TOP, b=HEIGHT - BOTTOM),
            _text(at + 6, TOP + 14, f"{marked:g}", "start", colour="#a84300"),
        ]
    return str(Markup("").join([*parts, Markup("</svg>\n")]))


def _text(x: float, y: float, said: str, anchor: str, size: int = 13, colour: str = "#333") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="{}" fill="{}">{}</text>').format(
        x, y, anchor, size, colour, escape(said)
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>').format(x1, y1, x2, y2, colour)

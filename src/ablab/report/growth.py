"""Growth: how a network's numbers follow one of its settings, as a table with bars and as a plot of logarithms."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from ablab.arithmetic.grow import Point
from ablab.arithmetic.table import bar
from ablab.report.charts import Scale

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 340, 64, 120, 34, 44
CURVES = {"parameters": "#0072b2", "macs": "#d55e00", "seconds": "#009e73"}  # told apart by the colour-blind, too
NAMES = {"parameters": "parameters", "macs": "MACs", "seconds": "step time"}


def table(key: str, texts: Sequence[str], points: Sequence[Point], exponents: dict[str, float | None]) -> str:
    """One line a value, bars in proportion to the largest, and the fitted powers below."""
    heads = [key, "parameters", "", "MACs", "", "layers", "step"]
    rows = [
        [
            text,
            f"{point.parameters:,}",
            bar(point.parameters / max(one.parameters for one in points)),
            f"{point.macs:,}",
            bar(point.macs / max(one.macs for one in points)),
            str(point.weighted_layers),
            "-" if point.seconds is None else f"{1e3 * point.seconds:.1f} ms",
        ]
        for text, point in zip(texts, points, strict=True)
    ]
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    lines = [
        "  ".join(f"{cell:<{width}}" if at in (2, 4) else f"{cell:>{width}}" for at, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in [heads, *rows])
    ]
    powers = [f"{NAMES[kind]} ~ {key}^{one:.2f}" for kind, one in exponents.items() if one is not None]
    return "\n".join([*(line.rstrip() for line in lines), *([", ".join(powers)] if powers else [])])


def plot(name: str, key: str, sizes: Sequence[float | None], points: Sequence[Point]) -> str:
    """An SVG with both axes in powers; every curve starts at 1, so that slopes can be compared."""
    curves = {
        kind: [
            (size, getattr(point, kind) / getattr(points[0], kind))
            for size, point in zip(sizes, points, strict=True)
            if size and getattr(point, kind) and getattr(points[0], kind)
        ]
        for kind in CURVES
    }
    across = [x for curve in curves.values() for x, _ in curve] or [1.0]
    up = [y for curve in curves.values() for _, y in curve] or [1.0]
    x, y = _logs(across, LEFT, WIDTH - RIGHT), _logs(up, HEIGHT - BOTTOM, TOP)
    title = f"{name}: growth with {key}"
    parts = [f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>']
    for size in sorted({size for size in sizes if size}):
        parts.append(_text(x(math.log10(size)), HEIGHT - BOTTOM + 18, f"{size:g}", "middle"))
    for power in range(math.floor(y.low), math.ceil(y.high) + 1):
        if y.low - 1e-9 <= power <= y.high + 1e-9:
            parts.append(_line(LEFT, WIDTH - RIGHT, y(power)))
            parts.append(_text(LEFT - 8, y(power) + 4, f"x {10.0**power:g}", "end"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, key, "middle"))
    for kind, curve in curves.items():
        if not curve:
            continue
        places = [(x(math.log10(a)), y(math.log10(b))) for a, b in curve]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{CURVES[kind]}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{CURVES[kind]}"/>' for a, b in places]
        parts.append(_text(places[-1][0] + 8, places[-1][1] + 4, NAMES[kind], "start", CURVES[kind]))
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {style}>'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _logs(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = math.log10(min(values)), math.log10(max(values))
    return Scale(low, high if high > low else low + 1, start, end)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", anchor, colour, text
    )


def _line(left: float, right: float, at: float) -> str:
    return f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'

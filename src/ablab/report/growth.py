"""Growth: how a network's numbers follow one of its settings, as a table with bars and as a plot of logarithms."""

from collections.abc import Sequence

from ablab.arithmetic.grow import Point
from ablab.arithmetic.table import bar
from ablab.report.chart import Axis, Line, Lines
from ablab.report.draw.svg import document

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
    """An SVG with both axes in powers; every line starts at 1, so that slopes can be compared."""
    lines = tuple(
        Line(
            text,
            style,
            tuple(
                (size, getattr(point, kind) / getattr(points[0], kind))
                for size, point in zip(sizes, points, strict=True)
                if size and getattr(point, kind) and getattr(points[0], kind)
            ),
        )
        for style, (kind, text) in enumerate(NAMES.items(), start=1)
    )
    chart = Lines(
        name="growth",
        title=f"{name}: growth with {key}",
        x_axis=Axis(key, is_log=True),
        y_axis=Axis("times the first", is_log=True),
        lines=tuple(line for line in lines if line.points),
    )
    return document(chart)

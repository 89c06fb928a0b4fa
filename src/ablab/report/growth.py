"""Growth: how a network's numbers follow one of its settings, as a table with bars and as a plot of logarithms."""

from collections.abc import Sequence

from ablab.arithmetic.grow import Point
from ablab.report.chart import Axis, Line, Lines
from ablab.report.draw.svg import document
from ablab.report.network import bar
from ablab.report.table import Head, Table, table

NAMES = {"parameters": "parameters", "macs": "MACs", "seconds": "step time"}


def growth_table(key: str, texts: Sequence[str], points: Sequence[Point], exponents: dict[str, float | None]) -> Table:
    """One line a value, bars in proportion to the largest, and the fitted powers below."""
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
    heads = [Head(key, is_number=True), Head("parameters", is_number=True), Head(""), Head("MACs", is_number=True)]
    heads += [Head(""), Head("layers", is_number=True), Head("step", is_number=True)]
    powers = [f"{NAMES[kind]} ~ {key}^{one:.2f}" for kind, one in exponents.items() if one is not None]
    return table("growth", heads, rows, caption=", ".join(powers))


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
        y_axis=Axis("relative to the first", is_log=True),
        lines=tuple(line for line in lines if line.points),
    )
    return document(chart)

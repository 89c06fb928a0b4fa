"""Lines in matplotlib: means with bands, single runs faint behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ablab.report.chart import Line, Lines
from ablab.report.picture import plain
from ablab.report.scale import Span, marks, spans
from ablab.report.style import DASHES, LESS, colour, ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ablab.report.chart import Axis

WIDTHS = {"mean": 1.8, "running": 2.2, "one": 0.6, "unfinished": 1.2}
OPACITY = {"mean": 1.0, "running": 1.0, "one": 0.45, "unfinished": 0.9}
PIXEL = 0.55  # points of matplotlib for a pixel of a dash, times the width of a mean


def lines(axes: Axes, chart: Lines) -> None:
    x_span, y_span = spans(chart)
    for line in chart.lines:
        xs, low, high = zip(*line.band, strict=True) if line.band else ((), (), ())
        if len(xs) > 1:
            axes.fill_between(xs, low, high, color=colour(line.style), alpha=0.15, lw=0)
    for line in chart.lines:
        _line(axes, line)
    if chart.marked is not None:
        axes.axvline(chart.marked, color=LESS.light, linewidth=1, linestyle=(0, (4, 3)))
        axes.text(chart.marked, 0.97, f" {chart.marked:g}", transform=axes.get_xaxis_transform(), va="top", fontsize=8)
    scaled(axes, chart.x_axis, x_span, chart.y_axis, y_span)
    axes.set_xlabel(plain(str(chart.x_axis)))
    if str(chart.y_axis) != chart.heading:
        axes.set_ylabel(plain(str(chart.y_axis)))
    axes.grid(axis="y")


def look(line: Line) -> dict[str, Any]:
    """Colour and dashes of a line."""
    if line.shade is not None:
        return {"color": ramp(line.shade), "linestyle": "-"}
    dashes = tuple(PIXEL * part for part in DASHES[line.style % len(DASHES)])
    is_dashed = dashes and line.kind in ("mean", "running")
    return {
        "color": colour(line.style),
        "linestyle": (0, dashes) if is_dashed else (0, (1, 2)) if line.kind == "unfinished" else "-",
    }


def scaled(axes: Axes, x_axis: Axis, x_span: Span, y_axis: Axis, y_span: Span) -> None:
    """Both axes as far as they reach, with the numbers beside them that the other backend has, too."""
    room = 0.0 if x_axis.is_log else 0.02 * (x_span[1] - x_span[0])
    if x_axis.is_log:
        axes.set_xscale("log")
    if y_axis.is_log:
        axes.set_yscale("log")
    axes.set_xlim(x_span[0] - room, x_span[1] + room)
    axes.set_ylim(*y_span)
    for axis, of, span in ((axes.xaxis, x_axis, x_span), (axes.yaxis, y_axis, y_span)):
        axis.set_minor_locator(_no_ticks())
        values = marks(of, span)
        axis.set_ticks([value for value, _ in values], [label for _, label in values])


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _line(axes: Axes, line: Line) -> None:
    points = [(x, y if math.isfinite(y) and abs(y) <= 1e9 else math.nan) for x, y in line.points]
    drawn = [point for point in points if math.isfinite(point[1])]
    style = look(line) | {"linewidth": WIDTHS[line.kind], "alpha": OPACITY[line.kind]}
    axes.plot(
        [x for x, _ in points], [y for _, y in points], marker="o" if len(drawn) == 1 else None, markersize=4, **style
    )
    for x, y in drawn:
        if x == line.selected:
            axes.plot(x, y, marker="o", markersize=4, color=style["color"], markerfacecolor="white", linestyle="")

"""Maps in matplotlib: a cell for each pair of classes, and surfaces with lines of equal value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ablab.report.chart import HeatMap, Surface
from ablab.report.draw.contour import levels
from ablab.report.draw.names import cell_text, shortened
from ablab.report.picture import plain
from ablab.report.scale import magnitude, reach, scale
from ablab.report.style import INK, LESS, MORE, RAMP, UNKNOWN, depth, mixed
from ablab.statistics.confusion import MANY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTERS = 16  # of a name beside a map
DARK = 0.6  # depth from which numbers are white


def heat_map(axes: Axes, chart: HeatMap, *, is_first: bool) -> None:
    """Blue is more and orange less, as on the page; names stand beside the first of a row of maps."""
    if not chart.rows or not chart.columns:
        axes.set_axis_off()
        return
    cells = [[_cell(chart, value) for value in row] for row in chart.values]
    axes.imshow(cells, interpolation="nearest")
    if len(chart.columns) > MANY:
        axes.set_xlabel(f"{len(chart.columns)} classes, in their order")
        return
    columns, rows = ([plain(shortened(name, LETTERS)) for name in names] for names in (chart.columns, chart.rows))
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)), rows if is_first else [""] * len(rows), fontsize=7)
    axes.tick_params(length=0)
    axes.set_xlabel(plain(chart.column_label))
    if is_first:
        axes.set_ylabel(plain(chart.row_label))
    for i, row in enumerate(chart.values):
        for j, value in enumerate(row):
            words = cell_text(chart, value, decimals=0)
            if not words:
                continue
            is_dark = depth(value, chart.largest, is_difference=chart.is_difference) > DARK
            ink = "white" if is_dark else INK.light
            axes.text(j, i, words, ha="center", va="center", fontsize=6.5, color=ink)


def _cell(chart: HeatMap, value: float) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    if not math.isfinite(value):
        return to_rgb(UNKNOWN)
    full = LESS if chart.is_difference and value < 0 else MORE
    strength = depth(value, chart.largest, is_difference=chart.is_difference)
    return to_rgb(mixed(0.9 * strength, "#ffffff", full.light))


def surface(axes: Axes, chart: Surface) -> None:
    """A square of colours with contours, and the colours with their values beside it; what is not finite is grey."""
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize

    if not chart.places:
        axes.set_axis_off()
        return
    values = np.ma.masked_invalid(np.asarray(chart.values, float))
    low, high = chart.colour.span or reach(float(value) for value in values.compressed())
    tones = LinearSegmentedColormap.from_list("ablab", list(RAMP)).with_extremes(bad=UNKNOWN)
    norm = (LogNorm if chart.colour.is_log else Normalize)(low, high)
    lines = levels(scale(chart.colour, (low, high), 0.0, 1.0))
    shown = axes.pcolormesh(chart.places, chart.places, values, cmap=tones, norm=norm, shading="nearest")
    axes.figure.colorbar(shown, ax=axes, ticks=lines[::3], format=_magnitude, label=plain(str(chart.colour)))
    if values.count() and min(values.shape) > 1 and np.ptp(values.compressed()) > 0:
        axes.contour(chart.places, chart.places, values, levels=lines, colors="white", linewidths=0.6, alpha=0.65)
    axes.set_aspect("equal")
    axes.set_xlabel(plain(str(chart.x_axis)))
    axes.set_ylabel(plain(str(chart.y_axis)))


def _magnitude(value: float, _place: object = None) -> str:
    return magnitude(float(f"{value:.2g}"))

"""Scatters, bars and pictures in matplotlib."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from ablab.report.chart import Bars, Images, Scatter, Spot
from ablab.report.draw.matplotlib.lines import scaled
from ablab.report.draw.names import shortened
from ablab.report.picture import plain
from ablab.report.scale import scatter_spans
from ablab.report.style import LESS, MARKS, SOFT, colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

ACROSS = 6  # pictures in a row


def scatter(axes: Axes, chart: Scatter, *, is_first: bool) -> None:
    """One point a recipe, with the interval of its mean, and the front."""
    front = chart.front
    axes.plot([spot.x for spot in front], [spot.y for spot in front], color=SOFT.light, linewidth=1, zorder=1)
    for spot in chart.spots:
        if spot.low is not None and spot.high is not None:
            axes.plot([spot.x, spot.x], [spot.low, spot.high], color=colour(spot.style), linewidth=1.5, zorder=2)
        axes.plot(spot.x, spot.y, markersize=7, zorder=3, linestyle="", **look(spot))
    x_span, y_span = scatter_spans(chart)
    scaled(axes, chart.x_axis, x_span, chart.y_axis, y_span)
    axes.set_xlabel(plain(str(chart.x_axis)))
    if is_first:
        axes.set_ylabel(plain(str(chart.y_axis)))
    axes.grid(axis="y")


def look(spot: Spot) -> dict[str, Any]:
    """Colour and mark of a recipe: seven marks and five colours of variants, until two look the same."""
    return {"color": colour(spot.style), "marker": MARKS[spot.number % len(MARKS)]}


def bars(axes: Axes, chart: Bars) -> None:
    """Bars as high as the roots of their shares, for the tails."""
    low, high = chart.axis.span or (0.0, float(len(chart.shares)))
    width = (high - low) / max(len(chart.shares), 1)
    heights = [math.sqrt(share) if 0 < share < math.inf else 0.0 for share in chart.shares]
    places = [low + (at + 0.5) * width for at in range(len(heights))]
    axes.bar(places, heights, width=0.95 * width, color=colour(chart.style), alpha=0.75)
    axes.set_xlim(low, high)
    axes.set_ylim(0, math.sqrt(chart.largest) * 1.04 if 0 < chart.largest < math.inf else 1.0)
    axes.set_xticks([low, (low + high) / 2, high], [f"≤ {low:g}", f"{(low + high) / 2:g}", f"≥ {high:g}"])
    axes.set_yticks([])


def images(made: Figure | SubFigure, chart: Images) -> None:
    """A sheet of pictures, the true class above each and the answer below it."""
    from PIL import Image

    rows = max(1, math.ceil(len(chart.shots) / ACROSS))
    grid = made.subplots(rows, ACROSS, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, shot in zip(grid.flat, chart.shots, strict=False):
        with Image.open(io.BytesIO(shot.png)) as picture:
            axes.imshow(picture.convert("RGB"), interpolation="nearest")
        axes.set_title(plain(shortened(shot.label, 16)), fontsize=8, loc="center", pad=2)
        words = f"{plain(shortened(shot.answer, 16))}\n{plain(shot.detail)}"
        axes.text(0.5, -0.04, words, transform=axes.transAxes, fontsize=8, color=LESS.light, ha="center", va="top")

"""A picture for any chart: its size, its parts in a grid, legend above and caption below."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from ablab.report.chart import (
    Bars,
    Chart,
    HeatMap,
    Images,
    Intervals,
    Lines,
    Multiples,
    Scatter,
    Single,
    Surface,
)
from ablab.report.draw.legend import numbered, told_apart
from ablab.report.draw.matplotlib import intervals, lines, maps, points
from ablab.report.picture import Picture, blank, plain, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

LETTERS = 11.5  # of a heading to an inch
NOTE_LETTERS = 14  # of a note to an inch
ACROSS = 3  # charts beside each other, where a chart of several does not say


def figure(chart: Chart, *, has_caption: bool = True) -> Picture:
    """The picture of a chart; without its caption where that stands in the text around it."""
    shown = _parts(chart)
    columns = (chart.columns if isinstance(chart, Multiples) else 1) or ACROSS
    columns = max(1, min(columns, len(shown)))
    sizes = [size(each) for each in shown if each] or [(4.0, 1.0)]
    width, height = (max(side) for side in zip(*sizes, strict=True))
    with style():
        made, _ = blank(columns * width, math.ceil(len(shown) / columns) * height, _words_below(chart, has_caption))
        draw(made, chart, columns)
        _legend(made, chart)
    return Picture(made, chart.title, chart.caption, chart.runs)


def _words_below(chart: Chart, has_caption: bool) -> str:
    """The caption; pictures, which have no axis, have their note there, too."""
    words = [f"{chart.note}."] if isinstance(chart, Images) and chart.note else []
    return " ".join([*words, *([chart.caption] if has_caption else [])])


def draw(made: Figure | SubFigure, chart: Chart, columns: int) -> None:
    """The parts of a chart in a grid, row by row."""
    shown = _parts(chart)
    if isinstance(chart, Images):
        points.images(made, chart)
        return
    grid = made.subplots(max(1, math.ceil(len(shown) / columns)), columns, squeeze=False)
    for at, axes in enumerate(grid.flat):
        each = shown[at] if at < len(shown) else None
        if each is None or isinstance(each, Images):
            axes.set_axis_off()
            continue
        _single(axes, each, is_first=at % columns == 0 or shown[at - 1] is None)
        if each.heading and each.heading not in (axes.get_xlabel(), axes.get_ylabel()):
            letters = max(20, int(LETTERS * size(each)[0]) - 6)
            axes.set_title("\n".join(plain(line) for line in textwrap.wrap(each.heading, letters)))
        if each.note:
            _note(axes, each)


def _single(axes: Axes, chart: Single, *, is_first: bool) -> None:
    match chart:
        case Lines():
            lines.lines(axes, chart)
        case Intervals():
            intervals.intervals(axes, chart)
        case HeatMap():
            maps.heat_map(axes, chart, is_first=is_first)
        case Surface():
            maps.surface(axes, chart)
        case Scatter():
            points.scatter(axes, chart, is_first=is_first)
        case Bars():
            points.bars(axes, chart)


def _note(axes: Axes, chart: Single) -> None:
    """The sentence of one chart, below what stands under its axis."""
    label = axes.get_xlabel()
    words = [plain(line) for line in textwrap.wrap(chart.note, max(20, int(NOTE_LETTERS * size(chart)[0])))]
    axes.set_xlabel("\n".join([*([label] if label else []), *words]))
    if not label:
        axes.xaxis.label.set_fontsize(8)


def _parts(chart: Chart) -> tuple[Single | None, ...]:
    return (chart.charts or (None,)) if isinstance(chart, Multiples) else (chart,)


def size(chart: Single) -> tuple[float, float]:
    """Width and height of a single chart in inches."""
    match chart:
        case Lines():
            return 3.75, 2.6
        case Intervals(is_upright=True):
            return 5.0, 2.4
        case Intervals():
            return 7.5, 1.0 + 0.42 * max(1, len(chart.intervals))
        case HeatMap():
            side = min(5.2, max(2.9, 0.8 + 0.3 * len(chart.columns)))
            return side, side + 0.45
        case Surface():
            return 4.6, 4.0
        case Scatter():
            return 3.0, 3.4
        case Images():
            return 7.5, 1.75 * math.ceil(len(chart.shots) / points.ACROSS) + 0.1
    return 2.5, 1.6


def _legend(made: Figure, chart: Chart) -> None:
    """The names above the picture, beside the line or the mark that each recipe is drawn with."""
    from matplotlib.lines import Line2D

    entries = [
        (_counted(line.name, line.n), Line2D([], [], linewidth=1.8, **lines.look(line))) for line in told_apart(chart)
    ]
    entries += [
        (_counted(spot.name, spot.n), Line2D([], [], linestyle="", markersize=7, **points.look(spot)))
        for spot in numbered(chart)
    ]
    if not entries:
        return
    names = [plain(name) for name, _ in entries]
    across = max(1, int(made.get_size_inches()[0] / (0.7 + 0.075 * max(map(len, names)))))
    made.legend([line for _, line in entries], names, loc="outside upper left", ncols=across, frameon=False, fontsize=8)


def _counted(name: str, n: int | None) -> str:
    return name if n is None else f"{name} (n = {n})"

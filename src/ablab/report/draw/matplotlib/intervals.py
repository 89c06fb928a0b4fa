"""Intervals in matplotlib: a forest plot with its numbers, or upright bars from left to right."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from ablab.report.chart import Intervals, Whisker
from ablab.report.draw.names import numbers
from ablab.report.picture import plain
from ablab.report.scale import forest_span, marks, upright_span
from ablab.report.style import BAND, INK, LOOKS, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def intervals(axes: Axes, chart: Intervals) -> None:
    if chart.is_upright:
        _upright(axes, chart)
    else:
        _forest(axes, chart)


def _forest(axes: Axes, chart: Intervals) -> None:
    axes.axvspan(-chart.margin, chart.margin, color=BAND.light, linewidth=0, zorder=0)
    axes.axvline(0, color=SOFT.light, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    for place, one in enumerate(chart.intervals):
        _row(axes, place, one)
    span = forest_span(chart)
    axes.set_xlim(*span)
    axes.set_ylim(max(len(chart.intervals), 1) - 0.5, -0.5)
    values = marks(chart.axis, span)
    axes.set_xticks([value for value, _ in values], [("+" if value > 0 else "") + label for value, label in values])
    names = ["\n".join(plain(line) for line in textwrap.wrap(one.name, 30)[:2]) for one in chart.intervals]
    axes.set_yticks(range(len(names)), names, color=INK.light, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(plain(str(chart.axis)))


def _row(axes: Axes, place: int, one: Whisker) -> None:
    word = LOOKS.get(one.word)
    colour, mark = (word.colour.light, word.mark) if word else (INK.light, "o")
    if one.low is not None and one.high is not None:
        axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([one.low, one.high], [place, place], color=colour, linestyle="", marker="|", markersize=9)
    if one.effect is not None:
        face = colour if one.low is not None else "white"
        axes.plot(one.effect, place, marker=mark, markersize=7, color=colour, markerfacecolor=face)
    effect, ends = numbers(one)
    lines = (one.label or one.word, f"{effect if one.effect is not None else 'no pair yet'}  ({ends}), n = {one.n}")
    shown = "\n".join(plain(line) for line in lines if line)
    where: Any = axes.get_yaxis_transform()
    axes.text(1.02, place, shown, transform=where, va="center", fontsize=8, linespacing=1.35)


def _upright(axes: Axes, chart: Intervals) -> None:
    span = upright_span(chart)
    axes.axhspan(-chart.margin, chart.margin, color=BAND.light, linewidth=0, zorder=0)
    axes.axhline(0, color=SOFT.light, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    for place, one in enumerate(chart.intervals):
        opacity = 0.4 if one.is_faint else 1.0
        if one.low is not None and one.high is not None:
            axes.plot([place, place], [one.low, one.high], color=INK.light, linewidth=2, alpha=opacity)
        if one.effect is not None:
            axes.plot(place, one.effect, marker="o", markersize=5, color=INK.light, alpha=opacity)
    every = 1 + (len(chart.intervals) - 1) // 12
    shown = [(at, one.name) for at, one in enumerate(chart.intervals) if at % every == 0]
    axes.set_xticks([at for at, _ in shown], [plain(name) for _, name in shown])
    axes.set_xlim(-0.5, max(len(chart.intervals), 1) - 0.5)
    axes.set_ylim(*span)
    axes.set_xlabel(plain(chart.across))
    axes.set_ylabel(plain(str(chart.axis)))

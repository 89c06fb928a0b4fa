"""Whole figures of a page: one chart or several side by side, with legend, headings and how to read them."""

from collections.abc import Iterator

from markupsafe import Markup

from ablab.report.chart import (
    Bars,
    Chart,
    HeatMap,
    Images,
    Intervals,
    Lines,
    Multiples,
    Scatter,
    Surface,
)
from ablab.report.draw.legend import numbered, told_apart
from ablab.report.draw.svg import intervals, maps, points
from ablab.report.draw.svg.images import wall
from ablab.report.draw.svg.lines import lines
from ablab.report.draw.svg.parts import Drawing, sample


def draw(chart: Chart, *, has_values: bool = False) -> Markup:
    """The chart alone. With values, its lines say theirs beside them, for a script that points at them."""
    match chart:
        case Multiples():
            return _side_by_side(chart, has_values)
        case Images():
            return wall(chart)
        case Intervals(is_upright=False):
            return intervals.forest(chart)
    return drawing(chart, has_values=has_values).markup()


def drawing(chart: Lines | Intervals | HeatMap | Surface | Scatter | Bars, *, has_values: bool = False) -> Drawing:
    """A chart that is one picture."""
    match chart:
        case Lines():
            return lines(chart, has_values=has_values)
        case Intervals():
            return intervals.upright(chart)
        case HeatMap():
            return maps.heat_map(chart)
        case Surface():
            return maps.surface(chart)
        case Scatter():
            return points.scatter(chart)
        case Bars():
            return points.bars(chart)


def figure(chart: Chart) -> Markup:
    """The chart as a figure that a script can point at, and save under its name."""
    kind = Markup(' class="{}"').format("curves" if isinstance(chart, Multiples) and chart.facts else "chart")
    folded = Markup("<figcaption><details><summary>How to read this</summary>\n<p>{}</p></details></figcaption>")
    caption = folded.format(chart.caption)
    return Markup('<figure{} data-figure="{}">{}{}{}{}</figure>').format(
        kind, chart.name, _heading(chart.heading), legend(chart), draw(chart), caption if chart.caption else ""
    )


def legend(chart: Chart) -> Markup:
    """What colours and dashes, or the numbers in circles, mean; nothing where there is nothing to tell apart."""
    spots = numbered(chart)
    if spots:
        items = [
            Markup('<li class="s{}" data-label><b>{}</b> <bdi>{}</bdi></li>').format(spot.style, spot.number, spot.name)
            for spot in spots
        ]
        return Markup('<ul class="key numbered">{}</ul>').format(Markup("").join(items))
    items = [
        Markup('<li data-arm="{}">{} <span data-label><bdi>{}</bdi>{}</span></li>').format(
            at, sample(line.style), line.name, "" if line.n is None else Markup(" <small>n = {}</small>").format(line.n)
        )
        for at, line in enumerate(told_apart(chart))
    ]
    return Markup('<ul class="key">{}</ul>').format(Markup("").join(items)) if items else Markup("")


def _side_by_side(chart: Multiples, has_values: bool) -> Markup:
    cells = Markup("").join(_cells(chart, has_values))
    return Markup('<div class="multiples across-{}">{}</div>').format(chart.columns, cells)


def _cells(chart: Multiples, has_values: bool) -> Iterator[Markup]:
    for each in chart.charts:
        if each is None:
            yield Markup("<div></div>")
        else:
            note = Markup('<p class="small">{}</p>').format(each.note) if each.note else ""
            yield Markup("<div>{}{}{}</div>").format(_heading(each.heading), draw(each, has_values=has_values), note)


def _heading(text: str) -> Markup:
    return Markup("<h3 data-label><bdi>{}</bdi></h3>").format(text) if text else Markup("")

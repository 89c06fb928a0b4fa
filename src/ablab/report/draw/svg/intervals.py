"""Intervals for pages: rows of a forest plot with their numbers, or upright bars from left to right."""

from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

from ablab.report.chart import Intervals, Whisker
from ablab.report.draw.names import numbers
from ablab.report.draw.svg.parts import Drawing, number, text
from ablab.report.scale import Scale, Span, forest_span, marks, upright_span

STRIP = 40  # height of a row in pixels
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 170, 46, 12, 10, 38  # of upright ones


def forest(chart: Intervals) -> Markup:
    """A row for each effect, and the axis below them, all as wide as there is room."""
    span = forest_span(chart)
    rows = Markup("").join(
        Markup(
            '<div class="row"><div class="name" data-label><bdi>{}</bdi></div><div class="numbers">'
            '<b data-label>{}</b> <span data-label>{}</span></div><div class="plot">{}</div></div>'
        ).format(one.name, *numbers(one), _strip(one, chart, span))
        for one in chart.intervals
    )
    last = Markup('<div class="row last"><div class="plot">{}</div></div>').format(_axis(chart, span))
    return Markup('<div class="forest">{}{}</div>').format(rows, last)


def _strip(one: Whisker, chart: Intervals, span: Span) -> Markup:
    x, margin = _across(span), chart.margin
    middle = STRIP / 2
    parts = [
        f'<rect class="margin" x="{x(-margin)}" y="0" width="{_percent(2 * margin / (span[1] - span[0]))}" '
        f'height="{STRIP}"/>',
        f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{STRIP}"/>',
    ]
    if one.low is not None and one.high is not None:
        parts.append(_bar(x(one.low), x(one.high), middle, middle))
        parts += [_bar(x(end), x(end), middle - 5, middle + 5) for end in (one.low, one.high)]
    if one.effect is not None:
        parts.append(f'<circle class="effect" cx="{x(one.effect)}" cy="{middle:g}" r="5"/>')
    effect, ends = numbers(one)
    return _wide(
        parts, STRIP, f"{one.name}: effect {effect} {chart.unit}, interval {ends}, margin {margin:.{one.digits}f}"
    )


def _axis(chart: Intervals, span: Span) -> Markup:
    x = _across(span)
    parts = ['<line class="axis" x1="0%" x2="100%" y1="0.5" y2="0.5"/>']
    for mark, label in marks(chart.axis, span):
        parts.append(f'<line class="axis" x1="{x(mark)}" x2="{x(mark)}" y1="0" y2="5"/>')
        parts.append(f'<text x="{x(mark)}" y="19" text-anchor="middle">{"+" if mark > 0 else ""}{label}</text>')
    return _wide(parts, 24, f"axis, {chart.axis}")


def _bar(x1: str, x2: str, y1: float, y2: float) -> str:
    return f'<line class="interval" x1="{x1}" x2="{x2}" y1="{y1:g}" y2="{y2:g}"/>'


def _across(span: Span) -> Callable[[float], str]:
    """Percent of the width for a value: text and dots keep their size on any screen, which a viewBox would not do."""
    scale = Scale(*span, 0, 1)
    return lambda value: _percent(scale(value))


def _percent(share: float) -> str:
    return f"{number(100 * share, 3)}%"


def _wide(parts: list[str], height: int, title: str) -> Markup:
    label = escape(title)
    head = f'<svg class="strip" width="100%" height="{height}" role="img" aria-label="{label}"><title>{label}</title>'
    return Markup(f"{head}{''.join(parts)}</svg>")  # noqa: S704 (numbers, and a title that is escaped)


def upright(chart: Intervals) -> Drawing:
    """Bars from left to right against the band of the margin, such as an interval after each look."""
    span = upright_span(chart)
    bottom, wide = HEIGHT - BOTTOM, WIDTH - LEFT - RIGHT
    x, y = Scale(-0.5, max(len(chart.intervals), 1) - 0.5, LEFT, WIDTH - RIGHT), Scale(*span, bottom, TOP)
    band = f'y="{number(y(chart.margin))}" width="{wide}" height="{number(y(-chart.margin) - y(chart.margin))}"'
    zero = number(y(0))
    parts = [
        f'<rect class="margin" x="{LEFT}" {band}/>',
        f'<line class="zero" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero}" y2="{zero}"/>',
    ]
    for mark, label in marks(chart.axis, span, most=4):
        parts.append(text(LEFT - 6, y(mark), ("+" if mark > 0 else "") + label, "end", dy=4))
    every = 1 + (len(chart.intervals) - 1) // 12
    parts += [text(x(at), bottom + 16, one.name, "middle") for at, one in enumerate(chart.intervals) if at % every == 0]
    parts.append(text(LEFT + wide / 2, HEIGHT - 4, chart.across, "middle"))
    parts += [mark for at, one in enumerate(chart.intervals) for mark in _look(one, chart, x(at), y)]
    return Drawing("looks", chart.title, WIDTH, HEIGHT, parts)


def _look(one: Whisker, chart: Intervals, x: float, y: Scale) -> Iterator[str]:
    def inside(value: float) -> str:
        return number(min(max(y(value), TOP), HEIGHT - BOTTOM))

    if one.effect is None:
        return
    effect, ends = numbers(one)
    label = escape(f"after {one.name} {chart.across}: {effect}, {ends}")
    yield f'<g class="look {"before" if one.is_faint else "now"}"><title>{label}</title>'
    if one.low is not None and one.high is not None:
        yield f'<line x1="{number(x)}" x2="{number(x)}" y1="{inside(one.low)}" y2="{inside(one.high)}"/>'
    yield f'<circle cx="{number(x)}" cy="{inside(one.effect)}" r="{3 if one.is_faint else 4}"/></g>'

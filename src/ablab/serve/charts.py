"""The charts of the dashboard alone: curves that grow while one looks, and the interval after each look."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from ablab.metric import metric_of
from ablab.records import EpochRow
from ablab.report.chart import Axis, Intervals, Line, Lines, Point, Whisker
from ablab.report.draw import svg
from ablab.report.sections.curves import QUANTITIES, Quantity
from ablab.study import Verdict


def curves(axis: Axis, lines: Sequence[Line], epochs: int) -> tuple[str, Markup]:
    """A heading and values against the epoch, with room for all epochs; the pointer reads off the strong lines."""
    last = max([x for line in lines for x, _ in line.points] + [float(epochs)])
    chart = Lines(
        name=axis.label,
        title=f"{axis.label} against epoch",
        heading=str(axis),
        x_axis=Axis("epoch", span=(1.0, last), is_counted=True),
        y_axis=axis,
        lines=tuple(lines),
    )
    return chart.heading, svg.draw(chart, has_values=True)


def points(curve: Iterable[EpochRow], of: Quantity) -> tuple[Point, ...]:
    return tuple((float(row.epoch), of(row)) for row in curve)


def spark(curve: Iterable[EpochRow], epochs: int) -> Markup:
    """Validation accuracy as small as a word."""
    title = "validation accuracy against epoch"
    return svg.spark(points(curve, QUANTITIES[0][2]), epochs, style=1, title=title).markup()


def looks(verdict: Verdict, seeds: tuple[int, int]) -> Markup | None:
    """The interval after each number of pairs, with room for those that may still come."""
    if not verdict.looks:
        return None
    taken = {look.pairs: look.interval for look in verdict.looks}
    first, last = seeds
    chart = Intervals(
        name=verdict.variant,
        title=f"{verdict.variant}: the interval of the effect after each seed pair",
        axis=Axis("effect", metric_of(verdict.metric).gap_words),
        intervals=tuple(
            Whisker(str(pairs), known.mean, known.low, known.high, is_faint=pairs != max(taken))
            if (known := taken.get(pairs))
            else Whisker(str(pairs), None, None, None)
            for pairs in range(min(first, *taken), max(last, *taken) + 1)
        ),
        margin=verdict.margin,
        is_upright=True,
        across="pairs",
    )
    return svg.draw(chart)

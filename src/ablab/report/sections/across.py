"""The same change on several data sets: every effect, their mean, and whether they differ."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.report.chart import Axis, Intervals, Whisker
from ablab.report.means import ends
from ablab.report.section import Paragraph, Part
from ablab.report.table import Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Result
from ablab.study.across import across as interactions
from ablab.study.summary import Summary, summaries
from ablab.study.verdict import signed


@mark("section", "across", title="Over all data sets", place=45, tables=("summary",))
def across(result: Result) -> Iterator[Part]:
    """A chart for every variant that was tried on two data sets or more, with the mean over them."""
    if not result.elsewhere:
        return
    verdicts = {result.study.base.data: result.verdicts, **dict(result.elsewhere)}
    found = summaries(verdicts)
    if not found:
        return
    yield Paragraph(
        "Secondary: these answers share a separate error rate. With few data sets, the interval of the mean is wide, "
        "because a few data sets say little about others."
    )
    for summary in found:
        yield Paragraph(summary.sentence)
        yield _chart(summary)
    yield _table(found)
    for one in interactions(verdicts, result.study.rule.seeds):
        yield Paragraph(one.sentence, "small")


def _chart(summary: Summary) -> Intervals:
    first = summary.cells[0][1]
    metric = metric_of(first.metric)
    cells = [
        Whisker(data, one.effect, one.low, one.high, one.word, one.pairs, digits=one.digits)
        for data, one in summary.cells
    ]
    pooled = summary.pooled
    total = sum(one.pairs for _, one in summary.cells)
    cells.append(Whisker("mean over data sets", pooled.mean, pooled.low, pooled.high, n=total, digits=first.digits))
    if summary.middle:
        cells.append(Whisker("interquartile mean", *summary.middle, n=total, digits=first.digits))
    return Intervals(
        name=f"across {summary.variant}",
        title=f"effect of {summary.variant} on {len(summary.cells)} data sets",
        caption=f"{summary.variant}: the effect on each data set with the interval of its verdict, and the mean over "
        "data sets (random effects, interval of Hartung and Knapp).",
        axis=Axis("effect", f"{metric.gap_words} of {metric.full_title}"),
        intervals=tuple(cells),
        margin=first.margin,
        unit=first.unit.replace("pp", "points"),
    )


def _table(found: tuple[Summary, ...]) -> Table:
    digits = found[0].cells[0][1].digits
    return table(
        "summary",
        (
            "variant",
            "data sets >",
            "mean effect >",
            Head("interval", True, WORDS["interval"]),
            Head("between", True, "sd of the true effects between data sets."),
            Head("interquartile mean", True, "of all pairs, from five data sets on."),
        ),
        [
            (
                one.variant,
                str(len(one.cells)),
                signed(one.pooled.mean, digits),
                ends(one.pooled.low, one.pooled.high, digits=digits),
                f"{one.pooled.between:.{digits}f}",
                signed(one.middle[0], digits) if one.middle else "–",
            )
            for one in found
        ],
        [
            {
                "variant": one.variant,
                "cells": len(one.cells),
                "effect": one.pooled.mean,
                "low": one.pooled.low,
                "high": one.pooled.high,
                "between": one.pooled.between,
                "interquartile_mean": one.middle[0] if one.middle else None,
                "interquartile_low": one.middle[1] if one.middle else None,
                "interquartile_high": one.middle[2] if one.middle else None,
            }
            for one in found
        ],
        title="The mean over data sets",
        caption=(
            "Random effects with the interval of Hartung and Knapp, with the error rate divided among the variants."
        ),
    )

"""The same question asked again with other seeds: the answers side by side, never pooled."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.report.section import Paragraph, Part
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Result
from ablab.study.verdict import Verdict, signed


@mark("section", "again", title="Asked again", place=42, tables=("again",))
def again(result: Result) -> Iterator[Part]:
    """A table of every variant's answers, the first one and those of its replications."""
    if not result.again:
        return
    many = counted(len(result.again), "replication")
    yield Paragraph(
        f"{many} with fresh runs. Every answer is valid by itself, at the confidence of the study. They are not "
        "pooled: the plan did not say so before the first answer was known, and the wish to ask again may depend on "
        "it.",
        lead="Asked again:",
    )
    yield _table(result)


def _table(result: Result) -> Table:
    asked = [(result, "first"), *((other, f"root {other.study.rule.root}") for other in result.again)]
    metric = metric_of(result.study.rule.metric)
    heads = (
        Head("variant"),
        Head("asked"),
        Head(metric.gap_head, True, WORDS["effect"]),
        Head("interval", True),
        Head("n", True),
        Head("verdict"),
    )
    pairs = [
        (variant.name, where, verdict)
        for variant in result.study.variants
        for other, where in asked
        if (verdict := other.verdict(variant.name))
    ]
    return table(
        "again",
        heads,
        [_cells(*one) for one in pairs],
        [
            {
                "variant": name,
                "asked": where,
                "effect": verdict.effect,
                "low": verdict.low,
                "high": verdict.high,
                "n": verdict.pairs,
                "verdict": verdict.label,
            }
            for name, where, verdict in pairs
        ],
    )


def _cells(name: str, where: str, verdict: Verdict) -> tuple[str | Cell, ...]:
    def figure(number: float | None) -> str:
        return "–" if number is None else signed(number, verdict.digits)

    interval = "–" if verdict.low is None else f"{figure(verdict.low)} to {figure(verdict.high)}"
    return name, where, figure(verdict.effect), interval, str(verdict.pairs), verdict.label

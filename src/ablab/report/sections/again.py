"""The same question asked again with other seeds: the answers side by side, and pooled where the plan said so."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.report.section import Paragraph, Part
from ablab.report.sections.trial_effects import EFFECT
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Result
from ablab.study.pooled import Pooled
from ablab.study.verdict import Verdict, signed
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict


@mark("section", "again", title="Asked again", place=42, tables=("again",))
@mark("trial section", "again", title="Asked again", place=42, tables=("again",))
def again(result: Result | TrialResult) -> Iterator[Part]:
    """A table of every variant's answers, the first one and those of its replications."""
    if not result.again:
        return
    many = counted(len(result.again), "replication")
    yield Paragraph(
        f"{many} with fresh runs. Each answer is valid by itself, at the confidence of the study. {_pooling(result)}",
        lead="Asked again:",
    )
    for answer in result.pooled:
        yield Paragraph(answer.sentence)
    yield _table(result)


def _pooling(result: Result | TrialResult) -> str:
    if not result.pooled:
        return (
            "They are not pooled, because the plan did not provide for that before the first answer was known, and the "
            "wish to ask again may depend on that answer."
        )
    return (
        f"The plan provided for pooling {counted(result.study.rule.pool, 'replication')} with the first answer. The "
        "first answer and the pooled one are valid together, at the confidence of the study: each uses half of the "
        "error rate. Pooling counts a failed run with the accuracy that it ended with."
    )


def _table(result: Result | TrialResult) -> Table:
    asked = [(result, "first"), *((other, f"root {other.study.rule.root}") for other in result.again)]
    is_program = isinstance(result, TrialResult)
    metric = result.study.measure.metric if isinstance(result, TrialResult) else metric_of(result.study.rule.metric)
    heads = (
        Head("variant"),
        Head("asked"),
        Head(metric.gap_head, True, EFFECT if is_program else WORDS["effect"]),
        Head("interval", True),
        Head("n", True),
        Head("verdict"),
    )
    pooled = {answer.variant: answer for answer in result.pooled}
    rows = [
        (variant.name, where, answer)
        for variant in result.study.variants
        for answer, where in [
            *((other.verdict(variant.name), where) for other, where in asked),
            (pooled.get(variant.name), "pooled"),
        ]
        if answer
    ]
    return table(
        "again",
        heads,
        [_cells(*row, metric.digits) for row in rows],
        [
            {
                "variant": name,
                "asked": where,
                "effect": answer.effect,
                "low": answer.low,
                "high": answer.high,
                "n": answer.pairs,
                "verdict": answer.label,
            }
            for name, where, answer in rows
        ],
    )


def _cells(name: str, where: str, answer: Verdict | TrialVerdict | Pooled, digits: int) -> tuple[str | Cell, ...]:
    def figure(number: float | None) -> str:
        return "–" if number is None else signed(number, digits)

    interval = "–" if answer.low is None else f"{figure(answer.low)} to {figure(answer.high)}"
    return name, where, figure(answer.effect), interval, str(answer.pairs), answer.label

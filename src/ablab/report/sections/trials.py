"""Trials: every call with its figure, and what those that failed have printed."""

from collections.abc import Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.nouns import duration
from ablab.report.means import DASH
from ablab.report.section import Code, Fold, Heading, Part
from ablab.report.table import Cell, Head, Table, table
from ablab.trial import Outcome
from ablab.trials.result import TrialResult


@mark("trial section", "trials", title="Trials", place=80, tables=("trials",), absent=("terminal",))
def trials(result: TrialResult) -> Iterator[Part]:
    """Every trial, and the end of what those that failed have printed."""
    yield trial_table(result)
    for name, outcome in ((arm.name, outcome) for arm in result.study.arms for outcome in result.of(arm)):
        if outcome.status != "finished":
            yield Heading(f"{name}, seed {outcome.trial.seed}", outcome.note)
            printed = outcome.errors.strip() or outcome.output.strip() or "It printed nothing."
            yield Fold("The end of its output", (Code(printed),))


def trial_table(result: TrialResult) -> Table:
    """Every trial with its figure."""
    metric = result.study.measure.metric
    several = [(arm.name, outcome) for arm in result.study.arms for outcome in result.of(arm)]
    rows = [
        (
            Cell(outcome.trial.id, "code"),
            name,
            str(outcome.trial.seed),
            _figure(outcome, result),
            duration(outcome.seconds),
            Cell(outcome.status, "" if outcome.status == "finished" else "broken"),
            outcome.note,
        )
        for name, outcome in several
    ]
    heads = ("trial", "arguments of", "seed >", Head(metric.head, True), "time >", "status", "")
    records = [
        {
            "trial": outcome.trial.id,
            "arm": name,
            "seed": outcome.trial.seed,
            "status": outcome.status,
            "seconds": outcome.seconds,
            **outcome.figures,
        }
        for name, outcome in several
    ]
    return table("trials", heads, rows, _with_all_keys(records))


def _with_all_keys(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with the same keys in each: a trial that failed has no figures."""
    keys = dict.fromkeys(key for record in records for key in record)
    return [{key: record.get(key) for key in keys} for record in records]


def _figure(outcome: Outcome, result: TrialResult) -> str:
    value = result.study.measure.of(outcome.figures)
    return DASH if value is None else f"{value:.{result.study.measure.metric.digits}f}"

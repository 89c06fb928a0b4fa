"""Runs: every one with what it gave, and why it did not finish where it did not."""

from collections.abc import Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.metric import ACCURACY, Metric, known_metrics, metric_of
from ablab.records import Run
from ablab.report.means import DASH
from ablab.report.section import Paragraph, Part
from ablab.report.table import Cell, Head, table
from ablab.result import Result


@mark("section", "runs", title="Runs", place=80, tables=("runs",), absent=("terminal",), is_long=True)
def runs(result: Result) -> Iterator[Part]:
    """By seed and then by recipe, so that pairs stand together."""
    everything = sorted(((arm.name, run) for arm in result.arms for run in arm.runs), key=lambda row: row[1].spec.seed)
    if not everything:
        return
    metrics = shown_metrics(result)
    yield table(
        "runs",
        (
            *("seed >", "recipe", "status"),
            *(Head(metric.head, True) for metric in metrics),
            *("images >", "epoch >", "epochs >", "seconds >", "run"),
        ),
        [_cells(name, run, metrics) for name, run in everything],
        [_record(name, run) for name, run in everything],
        title="Runs",
        caption=f"Test {' and '.join(f'{metric.title} in {metric.unit_words}' for metric in metrics)}, n = 1 run each: "
        "the test set is measured once a run, at the epoch that was selected.",
    )
    yield Paragraph(
        "One run says little by itself: the spread within a recipe shows how much seeds alone change.", "small"
    )


def shown_metrics(result: Result) -> tuple[Metric, ...]:
    """What the study decides by, and accuracy."""
    return tuple(dict.fromkeys((*(asked.metric for asked in result.plan.by_metric), metric_of(ACCURACY))))


def value_text(run: Run, metric: Metric) -> str:
    """What a run has of a metric on the test images."""
    value = metric.points(run)
    return DASH if value is None else f"{value:.{metric.digits}f}"


def _cells(name: str, run: Run, metrics: Sequence[Metric]) -> tuple[str | Cell, ...]:
    return (
        str(run.spec.seed),
        name,
        Cell(run.status + f": {run.note}" * bool(run.note), "" if run.status == "finished" else "broken"),
        *(value_text(run, metric) for metric in metrics),
        f"{run.test.images:,}" if run.test else DASH,
        DASH if run.selected_epoch is None else str(run.selected_epoch),
        str(run.cost.epochs),
        f"{run.cost.seconds:.1f}",
        Cell(run.id, "code"),
    )


def _record(name: str, run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "variant": name,
        "seed": run.spec.seed,
        **{metric: facts.points(run) for metric, facts in known_metrics().items()},
        "images": run.test.images if run.test else None,
        "selected_epoch": run.selected_epoch,
        "epochs": run.cost.epochs,
        "seconds": run.cost.seconds,
        "parameters": run.cost.parameters,
        "macs": run.cost.macs,
        "status": run.status,
        "biased": run.spec.recipe.select == "test",
    }

"""Tables for the terminal: one run, what a run confuses."""

from collections.abc import Sequence
from typing import Any

from ablab.metric import known_metrics
from ablab.records import Measurement, Run
from ablab.report.table import Head, Table, table
from ablab.report.terminal.screen import facts_text, on_screen
from ablab.statistics.confusion import class_report, confused_pairs


def run_details(run: Run) -> str:
    """All that a person would ask about one run: what it was, how it went, what it gave and what it took."""
    machine, cost = run.machine, run.cost
    facts = {
        "run": f"{run.id}, {run.status}",
        "seed": str(run.spec.seed),
        "data": f"{run.spec.recipe.data}, fingerprint {run.spec.fingerprint[:12]}",
        "machine": f"{machine.name}, {machine.device}, {machine.threads} threads, {machine.precision}, "
        f"torch {machine.torch}, Python {machine.python}",
        "cost": f"{cost.parameters:,} parameters, {cost.epochs} epochs, {cost.examples:,} examples, "
        f"{cost.seconds:.1f} s of training, {cost.wall_seconds:.1f} s in all",
    }
    if run.untrained_loss is not None:
        facts["untrained loss"] = f"{run.untrained_loss:.4f}"
    if run.test is not None:
        facts["test"] = f"{measured(run.test)}, with the weights of epoch {run.selected_epoch}"
    if run.note:
        facts["note"] = run.note
    return "\n".join([facts_text(facts.items()), "", run.spec.recipe.toml().rstrip(), "", on_screen(_curve(run))])


def _curve(run: Run) -> Table:
    heads = ("epoch >", "lr >", "train loss >", "accuracy >", "val loss >", "accuracy >", "seconds >", "")
    rows = [
        (
            str(row.epoch),
            f"{row.lr:.4g}",
            f"{row.train_loss:.4f}",
            f"{row.train_points:.2f} %",
            f"{row.val_loss:.4f}",
            f"{row.val_points:.2f} %",
            f"{row.seconds:.2f}",
            "selected" if row.epoch == run.selected_epoch else "",
        )
        for row in run.curve
    ]
    return table("curve", heads, rows)


def confusion_table(matrix: Any, names: Sequence[str]) -> Table:
    """Each class in a row, with the answers that its images were given."""
    report = class_report(matrix)
    heads = (Head("true class"), *(Head(name, is_number=True) for name in (*_heads(names), "recall", "precision")))
    rows = [
        (name, *(str(int(count)) for count in row), f"{100 * one.recall:.1f}%", f"{100 * one.precision:.1f}%")
        for name, row, one in zip(names, matrix, report.each, strict=True)
    ]
    caption = (
        f"macro F1 {100 * report.macro.f1:.2f} %, weighted F1 {100 * report.weighted.f1:.2f} %; "
        f"most confused: {confused_pairs(matrix, names)}"
    )
    return table("confusion", heads, rows, caption=caption)


def _heads(names: Sequence[str], room: int = 80, least: int = 6) -> list[str]:
    """The names above the columns, whole where the table has room for them."""
    longest = max(map(len, names))
    fits = (n for n in range(longest, least, -1) if sum(max(min(len(name), n), 4) + 2 for name in names) <= room)
    most = next(fits, least)
    return [name if len(name) <= most else f"{name[: most - 1]}…" for name in names]


def measured(test: Measurement) -> str:
    """A measurement in one line: accuracy and loss, then every other metric that is recorded."""
    known = known_metrics()
    others = "".join(
        f", {name} {known[name].show(value) if name in known else format(value, '.4g')}"
        for name, value in sorted(test.metrics.items())
    )
    return f"{test.points:.2f} % of {test.images:,} images, loss {test.loss:.4f}{others}"

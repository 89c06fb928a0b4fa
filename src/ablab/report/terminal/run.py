"""Tables for the terminal: one run, what a run confuses."""

from collections.abc import Sequence
from typing import Any

from ablab.records import Run
from ablab.report.facts import facts_of
from ablab.report.table import Head, Table, table
from ablab.report.terminal.screen import facts_text, on_screen
from ablab.statistics.confusion import class_report, confused_pairs


def run_details(run: Run) -> str:
    """All that a person would ask about one run: what it was, how it went, what it gave and what it took."""
    facts = [("run", run.id), *facts_of(run)]
    return "\n".join([facts_text(facts), "", run.spec.recipe.toml().rstrip(), "", on_screen(_curve(run))])


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

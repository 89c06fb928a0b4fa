"""Parts of what a notebook shows: boxes, notes and tables, without a style sheet."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ablab.report.table import Cell, Table, table
from ablab.report.wording import shown
from ablab.report.writers import html

MOST = 200  # rows of a table: a notebook keeps what it shows


def box(title: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<p style="margin:.3em 0"><b>{}</b></p>').format(shown(title))
    return Markup("<div>{}</div>").format(Markup("").join([head, *parts]))


def note(text: str) -> Markup:
    return Markup('<p style="margin:.2em 0;opacity:.75">{}</p>').format(shown(text))


def facts_table(facts: Sequence[tuple[str, str]]) -> Markup:
    return html.write(table("facts", ("", ""), facts), has_sheet=False)


def rows_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markup:
    return written(table("", heads, ([one if isinstance(one, Cell) else str(one) for one in row] for row in rows)))


def written(table: Table) -> Markup:
    """A table, no longer than a notebook should keep."""
    made = html.write(dataclasses.replace(table, rows=table.rows[:MOST]), has_sheet=False)
    return made + note(f"and {len(table.rows) - MOST:,} rows more") if len(table.rows) > MOST else made

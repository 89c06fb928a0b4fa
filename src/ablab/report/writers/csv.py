"""A table as CSV, with every number as it was computed."""

import csv
import io
from typing import Any

from ablab.catalogue import mark
from ablab.report.table import Table
from ablab.report.wording import shown

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what makes a spreadsheet compute a cell


@mark("writer", "csv")
def write(table: Table) -> str:
    """The records of the table; without any, its cells."""
    out = io.StringIO()
    columns = list(table.records[0]) if table.records else [head.text for head in table.heads]
    rows = [list(record.values()) for record in table.records] or [[cell.text for cell in row] for row in table.rows]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([harmless(value) for value in row] for row in [columns, *rows])
    return out.getvalue().removesuffix("\n")


def harmless(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula and no terminal obeys."""
    if not isinstance(value, str):
        return value
    return shown(f"'{value}" if value.startswith(FORMULA) else value)

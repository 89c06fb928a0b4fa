"""A table as JSON, with every number as it was computed."""

import json
import math
from typing import Any

from ablab.catalogue import mark
from ablab.report.table import Table


@mark("writer", "json")
def write(table: Table) -> str:
    """The table as one object."""
    return json.dumps(facts(table), allow_nan=False)


def facts(table: Table) -> dict[str, Any]:
    """A table as JSON has it: its records, and without any, its cells under their heads."""
    heads = [head.text for head in table.heads]
    cells = [dict(zip(heads, (cell.text for cell in row), strict=True)) for row in table.rows]
    return {"what": table.name, "caption": table.caption, "rows": [_plain(row) for row in table.records or cells]}


def _plain(value: Any) -> Any:
    """The value with nothing in it that JSON has no form for."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

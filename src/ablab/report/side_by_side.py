"""Two networks side by side: a table of their layers, and one of their totals with difference and ratio."""

from typing import Any

from ablab.arithmetic.table import Network, Row
from ablab.arithmetic.versus import differences, pairs
from ablab.report.network import as_dict, records, totals
from ablab.report.table import Head, Table, table

Names = tuple[str, str]


def layers(names: Names, one: Network, other: Network, width: int | None = None) -> Table:
    """Layers side by side, cut to half a screen each."""
    rows = [[_cell(a), _cell(b)] for a, b in pairs(one, other)]
    if width:
        rows = [[_cut(cell, (width - 2) // 2) for cell in row] for row in rows]
    return table("layers", [Head(name) for name in names], rows, records(one, names[0]) + records(other, names[1]))


def summary(names: Names, one: Network, other: Network) -> Table:
    """The totals of both, and what the layers have to say."""
    compared = differences(one, other)
    rows = [
        [line["what"], f"{line['first']:,}", f"{line['second']:,}", f"{line['difference']:+,}", _ratio(line["ratio"])]
        for line in compared
    ]
    notes = [f"{name}: {line}" for name, t in zip(names, (one, other), strict=True) for line in totals(t)[4:]]
    heads = [Head(""), *(Head(name, is_number=True) for name in (*names, "difference", "ratio"))]
    return table("totals", heads, rows, compared, caption="; ".join(notes))


def side_by_side(names: Names, one: Network, other: Network) -> dict[str, Any]:
    """Both for JSON: their tables, and the totals compared."""
    return {
        "models": [{"name": name, **as_dict(t)} for name, t in zip(names, (one, other), strict=True)],
        "differences": differences(one, other),
    }


def _cell(row: Row | None) -> str:
    """A layer in one cell: `conv 3x3, pad 1 → 96x32x32: (3·3·3 + 1)·96 = 2,688`."""
    if row is None:
        return ""
    shape = "x".join(map(str, row.out_shape))
    words = row.operation + (f" → {shape}" if shape and row.out_shape != row.in_shape else "")
    return words + (f": {row.parameters}" if row.parameters.value else "") + " *" * bool(row.note)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}×"


def _cut(text: str, width: int) -> str:
    """The text with its formula left out if it is too long, and shortened if that is not enough."""
    if len(text) > width and " = " in text:
        text = text.rpartition(": ")[0] + ": " + text.rpartition(" = ")[2]
    return text if len(text) <= width else text[: width - 1] + "…"

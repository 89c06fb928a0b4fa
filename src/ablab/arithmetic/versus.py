"""Two networks side by side: their layers matched in order, and their totals with difference and ratio."""

from typing import Any

from ablab.arithmetic.table import Row, Table, as_dict, grid, latex_grid, markdown_grid, totals

WEIGHTED = ("conv", "linear")


def pairs(one: Table, other: Table) -> list[tuple[Row | None, Row | None]]:
    """The layers of both in order: those of the same kind share a line, what only one of them has stands alone.

    As many convolutions and linear layers as possible are matched, then as much of the rest, the first ones first.
    """
    kinds = [[row.kind + row.operation * (row.kind not in WEIGHTED) for row in t.rows] for t in (one, other)]
    left, right = kinds
    # best[i][j]: what can still be matched from the i-th layer of one and the j-th of the other
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        worth = 1000 if one.rows[i].kind in WEIGHTED else 1
        for j in reversed(range(len(right))):
            matched = worth + best[i + 1][j + 1] if left[i] == right[j] else 0
            best[i][j] = max(matched, best[i + 1][j], best[i][j + 1])
    lines: list[tuple[Row | None, Row | None]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        worth = 1000 if one.rows[i].kind in WEIGHTED else 1
        if left[i] == right[j] and best[i][j] == worth + best[i + 1][j + 1]:
            lines.append((one.rows[i], other.rows[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            lines.append((one.rows[i], None))
            i += 1
        else:
            lines.append((None, other.rows[j]))
            j += 1
    return lines + [(row, None) for row in one.rows[i:]] + [(None, row) for row in other.rows[j:]]


def cell(row: Row | None) -> str:
    """A layer in one cell: `conv 3x3, pad 1 → 96x32x32: (3·3·3 + 1)·96 = 2,688`."""
    if row is None:
        return ""
    shape = "x".join(map(str, row.out_shape))
    words = row.operation + (f" → {shape}" if shape and row.out_shape != row.in_shape else "")
    return words + (f": {row.parameters}" if row.parameters.value else "") + " *" * bool(row.note)


def differences(one: Table, other: Table) -> list[dict[str, Any]]:
    """The totals of both, the second less the first, and the second over the first (None over nothing)."""
    return [
        {"what": what, "first": a, "second": b, "difference": b - a, "ratio": b / a if a else None}
        for (what, a), (_, b) in zip(one.summary(), other.summary(), strict=True)
    ]


def _grids(names: tuple[str, str], one: Table, other: Table) -> list[tuple[list[str], list[list[str]]]]:
    summary = [
        [line["what"], f"{line['first']:,}", f"{line['second']:,}", f"{line['difference']:+,}", ratio(line["ratio"])]
        for line in differences(one, other)
    ]
    layers = [[cell(a), cell(b)] for a, b in pairs(one, other)]
    return [([*names], layers), (["", *names, "difference", "ratio"], summary)]


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}x"


def text(names: tuple[str, str], one: Table, other: Table, width: int | None = None) -> str:
    """Layers side by side, cut to half a screen each, and the totals."""
    (heads, rows), (summary_heads, summary) = _grids(names, one, other)
    if width:
        rows = [[_cut(cell, (width - 2) // 2) for cell in row] for row in rows]
    lines = [*grid(heads, rows), "", *grid(summary_heads, summary)]
    notes = [f"{name}: {line}" for name, t in zip(names, (one, other), strict=True) for line in totals(t)[4:]]
    return "\n".join([*lines, *notes])


def _cut(text: str, width: int) -> str:
    """The text with its formula left out if it is too long, and shortened if that is not enough."""
    if len(text) > width and " = " in text:
        text = text.rpartition(": ")[0] + ": " + text.rpartition(" = ")[2]
    return text if len(text) <= width else text[: width - 1] + "…"


def markdown(names: tuple[str, str], one: Table, other: Table) -> str:
    layers, summary = (markdown_grid(*given) for given in _grids(names, one, other))
    return "\n".join([*layers, "", *summary])


def latex(names: tuple[str, str], one: Table, other: Table) -> str:
    layers, summary = (latex_grid(*given) for given in _grids(names, one, other))
    return "\n".join([*layers, "", *summary[1:]])


def side_by_side(names: tuple[str, str], one: Table, other: Table) -> dict[str, Any]:
    """Both for JSON: their tables, and the totals compared."""
    return {
        "models": [{"name": name, **as_dict(t)} for name, t in zip(names, (one, other), strict=True)],
        "differences": differences(one, other),
    }

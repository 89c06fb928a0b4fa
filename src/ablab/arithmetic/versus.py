"""Two networks side by side: their layers matched in order, and their totals with difference and ratio."""

from typing import Any

from ablab.arithmetic.table import Network, Row

WEIGHTED = ("conv", "linear")


def pairs(one: Network, other: Network) -> list[tuple[Row | None, Row | None]]:
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


def differences(one: Network, other: Network) -> list[dict[str, Any]]:
    """The totals of both, the second less the first, and the second over the first (None over nothing)."""
    return [
        {"what": what, "first": a, "second": b, "difference": b - a, "ratio": b / a if a else None}
        for (what, a), (_, b) in zip(one.summary(), other.summary(), strict=True)
    ]

"""Bars of characters, for the terminal."""

from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"


def bars(values: Sequence[float], *, rows: int = 8, columns: int = 72, low: float | None = None) -> str:
    """Bars from `low` (else the lowest value) up, one for each column, with the ends of the scale in front."""
    step = max(1.0, len(values) / columns)
    picked = [values[int(i * step)] for i in range(min(columns, len(values)))]
    floor, top = min(picked) if low is None else low, max(picked)
    span = top - floor or 1.0
    lines = []
    for row in range(rows - 1, -1, -1):
        heights = ((value - floor) / span * rows - row for value in picked)
        label = f"{top:.3g}" if row == rows - 1 else f"{floor:.3g}" if row == 0 else ""
        lines.append(f"{label:>9} " + "".join(EIGHTHS[min(8, max(0, round(8 * one)))] for one in heights).rstrip())
    return "\n".join(lines)

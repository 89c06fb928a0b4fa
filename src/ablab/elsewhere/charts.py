"""Charts as Weights & Biases exports them: a row a step, and for each run a column with its least and greatest."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ablab.elsewhere.formats import Record
from ablab.elsewhere.names import named

BETWEEN = " - "  # a run's name and a figure


def is_chart(heads: Sequence[str]) -> bool:
    """Whether these are the heads of a chart."""
    return bool(_lines(heads))


def chart(path: Path, heads: Sequence[str], rows: Sequence[Mapping[str, str | None]]) -> Iterator[Record]:
    """The last value of each figure of each run, with variant and seed from the run's name."""
    runs: dict[str, Record] = {}
    for head in _lines(heads):
        name, _, figure = head.rpartition(BETWEEN)
        values = [cell for row in rows if (cell := (row[head] or "").strip())]
        row = runs.setdefault(name, {"": f"{path}: column {head}"})
        row[figure] = values[-1] if values else ""
    for name, row in runs.items():
        yield named(name, row)


def _lines(heads: Sequence[str]) -> list[str]:
    return [head for head in heads if BETWEEN in head and {f"{head}__MIN", f"{head}__MAX"} <= set(heads)]

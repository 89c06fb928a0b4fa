"""Columns: which of a table's columns has the variant, the seed and the figure that is compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.elsewhere.formats import Record
from ablab.elsewhere.names import split
from ablab.errors import InputError, did_you_mean

# what columns are usually called, in small letters, without what stands in front of a dot or a slash
NAMES = {
    "variant": ("variant", "model", "method", "config", "configuration", "recipe", "group", "name", "run_name"),
    "seed": ("seed", "random_seed", "rng_seed", "replicate", "trial", "fold"),
    "metric": ("accuracy", "acc", "test_accuracy", "test_acc", "top1", "score", "val_accuracy", "val_acc"),
    "status": ("status", "state"),
}
DONE = {"", "finished", "completed", "complete", "success", "succeeded", "done", "ok"}


@dataclass(frozen=True)
class Score:
    """One run: what it was, with which seed, and its figure; None where it has none."""

    variant: str
    seed: str | None
    value: float | None
    where: str


@dataclass(frozen=True)
class Table:
    """The runs of all files, and the column that they are compared by."""

    metric: str
    scores: tuple[Score, ...]
    decimals: int  # that the figures are written with, at most
    remarks: tuple[str, ...]


def table_of(rows: Sequence[Record], given: Mapping[str, str | None]) -> Table:
    """The scores in rows, by the columns that were named or that bear a usual name."""
    heads = list(dict.fromkeys(head for row in rows for head in row if head))
    columns = {what: _column(what, given.get(what), heads) for what in NAMES}
    if columns["variant"] is None and (wide := _wide(rows, heads, columns, given.get("metric"))):
        return wide
    for what in ("variant", "metric"):
        if columns[what] is None:
            raise InputError(f"no column has the {what}: name one with --{what} COLUMN; there are {', '.join(heads)}")
    metric = str(columns["metric"])
    sides = _sides(rows, str(columns["variant"]), columns["seed"])
    scores = [
        Score(
            variant=variant,
            seed=seed,
            value=_value(row, metric, str(row.get(columns["status"], "")) if columns["status"] else ""),
            where=str(row[""]),
        )
        for row, (variant, seed) in zip(rows, sides, strict=True)
    ]
    if nameless := next((score for score in scores if not score.variant), None):
        raise InputError(f'{nameless.where}: the variant (column "{columns["variant"]}") is empty')
    remarks = [f'variants by "{columns["variant"]}", figures by "{metric}"']
    if any(score.seed is not None for score in scores):
        remarks.append(f'seeds by "{columns["seed"] or columns["variant"]}"')
    return Table(metric, tuple(scores), _decimals(rows, [metric]), (f"read: {', '.join(remarks)}",))


def _sides(rows: Sequence[Record], variant: str, seed: str | None) -> list[tuple[str, str | None]]:
    """Variant and seed of each row; where no column has the seed, names such as `bn_seed=3` may say both."""
    names = [str(row.get(variant, "")) for row in rows]
    if seed:
        return [(name, _seed(row.get(seed, ""))) for name, row in zip(names, rows, strict=True)]
    sides = [split(name) for name in names]
    return sides if all(said is not None for _, said in sides) else [(name, None) for name in names]


def _wide(
    rows: Sequence[Record], heads: Sequence[str], columns: Mapping[str, str | None], metric: str | None
) -> Table | None:
    """A table with a column a variant, a row a seed."""
    numeric = [head for head in heads if head != columns["seed"] and all(_is_number(row.get(head, "")) for row in rows)]
    if len(numeric) < 2 or metric:
        return None
    seed = columns["seed"]
    scores = tuple(
        Score(head, _seed(row[seed]) if seed else str(at), _value(row, head, ""), str(row[""]))
        for at, row in enumerate(rows)
        for head in numeric
    )
    told = f'seeds by "{seed}"' if seed else "a row is taken for a seed"
    remark = f"read: a column a variant ({', '.join(numeric)}), {told}"
    return Table("figure", scores, _decimals(rows, numeric), (remark,))


def _column(what: str, named: str | None, heads: Sequence[str]) -> str | None:
    if named is not None:
        if named not in heads:
            raise InputError(f"--{what} {named}: no column is called so: {did_you_mean(named, heads)}")
        return named
    plain = {head: head.lower().replace("/", ".").rpartition(".")[2] for head in heads}
    groups = (
        [NAMES[what]] if what == "metric" else [(name,) for name in NAMES[what]]
    )  # a figure is never guessed among two
    for names in groups:
        found = [head for head in heads if plain[head] in names]
        if len(found) > 1:
            raise InputError(f"several columns may have the {what}: {', '.join(found)}; choose one with --{what}")
        if found:
            return found[0]
    return None


def _seed(cell: Any) -> str | None:
    """A seed as it compares: 3, 3.0 and "3" are one."""
    text = str(cell).strip()
    try:
        number = float(text)
    except ValueError:
        return text or None
    return str(int(number)) if number.is_integer() else text


def _value(row: Record, column: str, status: str) -> float | None:
    """The figure of a run; none where it did not end well."""
    cell = row.get(column, "")
    text = str(cell).strip().removesuffix("%").strip()
    if not text or text.lower() in ("nan", "na", "none", "null", "-", "inf", "-inf") or status.lower() not in DONE:
        return None
    if isinstance(cell, bool) or not _is_number(text):
        raise InputError(f'{row[""]}: {column} is "{cell}": a number is wanted')
    return float(text)


def _is_number(cell: Any) -> bool:
    try:
        return math.isfinite(float(str(cell).strip().removesuffix("%")))
    except ValueError:
        return False


def _decimals(rows: Sequence[Record], columns: Sequence[str]) -> int:
    cells = [str(row.get(column, "")).strip().removesuffix("%") for row in rows for column in columns]
    return max(
        (len(cell.partition(".")[2]) for cell in cells if _is_number(cell) and "e" not in cell.lower()), default=0
    )

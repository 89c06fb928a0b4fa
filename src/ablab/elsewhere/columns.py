"""Columns: which of a table's columns has the variant, the seed and the figure that is compared."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.elsewhere.formats import Record
from ablab.elsewhere.variants import PARAMETERS, has_parameters, is_repeat, sides_of
from ablab.elsewhere.words import ACCURACIES, ERRORS, LOSSES, TIMES, words_of
from ablab.errors import InputError, did_you_mean
from ablab.nouns import counted

RUNS = ("name", "run_name", "run", "file")  # columns that name runs, which may say variant and seed
# what columns are usually called, in small letters, without what stands in front of a dot or a slash
NAMES = {
    "variant": ("variant", "model", "method", "config", "configuration", "recipe", "group", *RUNS),
    "seed": ("seed", "random_seed", "rng_seed", "replicate", "trial", "fold"),
    "metric": ("accuracy", "acc", "test_accuracy", "test_acc", "top1", "score", "val_accuracy", "val_acc"),
    "status": ("status", "state"),
}
COURSE = ("epoch", "step", "iteration", "epochs", "steps", "iterations")  # of one run
COUNTS = (*COURSE, "index", "id", "run")  # numbers that are no figures of a run
NO_FIGURE = ("", "nan", "na", "none", "null", "-", "inf", "-inf")
DONE = {"", "finished", "completed", "complete", "success", "succeeded", "done", "ok"}


@dataclass(frozen=True)
class Score:
    """One run: what it was, with which seed, and its figure; None where it has none."""

    variant: str
    seed: str | None
    value: float | None
    where: str
    is_marked: bool = False  # the figure is written with a percent sign
    failure: str = ""  # the status of a run that did not end well


@dataclass(frozen=True)
class Table:
    """The runs of all files, and the column that they are compared by."""

    metric: str
    scores: tuple[Score, ...]
    decimals: int  # that the figures are written with, at most
    remarks: tuple[str, ...]
    rows: Sequence[Record] = ()  # a row for each score, unless a row has several


def table_of(rows: Sequence[Record], given: Mapping[str, str | None]) -> Table:
    """The scores in rows, by the columns that were named or that bear a usual name."""
    heads = list(dict.fromkeys(head for row in rows for head in row if head))
    columns = {what: _column(what, given.get(what), rows, heads) for what in NAMES}
    if columns["variant"] is None and (wide := _wide(rows, heads, columns)):
        return wide
    metric = columns["metric"] or _figure(rows, heads, columns)
    seeds, column = columns["seed"], columns["variant"]
    runs, left_out = _runs(rows, metric)
    said = [_seed(row.get(seeds, "")) if seeds else None for row in runs]
    sides = sides_of(runs, column, said, is_given=given.get("variant") is not None)
    if sides is None:
        raise _missing("variant", heads)
    scores = tuple(
        _score(variant, seed, row, metric, columns["status"])
        for row, (variant, seed) in zip(runs, sides.pairs, strict=True)
    )
    read = [f"variants by {sides.told}", f'figures by "{metric}"']
    if any(score.seed is not None for score in scores):
        read.append(f'seeds by "{sides.seeds or seeds}"')
    remarks = [f"read: {', '.join(read)}", *left_out]
    if len({score.variant for score in scores}) == len(scores):
        remarks.append(
            f"each variant has one run, which shows no spread. If {sides.told} names runs and not variants, name the "
            f"column of the variants with --variant; there are {', '.join(heads)}"
        )
    return Table(metric, scores, _decimals(rows, [metric]), tuple(remarks), runs)


def _missing(what: str, heads: Sequence[str]) -> InputError:
    return InputError(f"no column has the {what}: name one with --{what} COLUMN; there are {', '.join(heads)}")


def _runs(rows: Sequence[Record], metric: str) -> tuple[list[Record], list[str]]:
    """The rows that count, and remarks about those that trackers of ablab wrote beside them.

    These are a row with the verdicts of a study, and the call of a program that was repeated with the same seed.
    """
    if not any(has_parameters(row) for row in rows):
        return list(rows), []
    runs = [row for row in rows if has_parameters(row) or str(row.get(metric, "")).strip()]
    once = [row for row in runs if not is_repeat(row)]
    bare, repeated = len(rows) - len(runs), len(runs) - len(once)
    remarks = [f"skipped {counted(bare, 'row')} with neither parameters nor a figure"] if bare else []
    remarks += [f"skipped {counted(repeated, 'repeated call')}, because each seed counts once"] if repeated else []
    return once, remarks


def _score(variant: str, seed: str | None, row: Record, metric: str, status: str | None) -> Score:
    end = str(row.get(status, "")) if status else ""
    return Score(
        variant=variant,
        seed=seed,
        value=_value(row, metric, end),
        where=str(row[""]),
        is_marked=str(row.get(metric, "")).strip().endswith("%"),
        failure="" if end.lower() in DONE else end,
    )


def _wide(rows: Sequence[Record], heads: Sequence[str], columns: Mapping[str, str | None]) -> Table | None:
    """A table with a column a variant, a row a seed."""
    numeric = [
        head
        for head in heads
        if head != columns["seed"]
        and last_word(head) not in COUNTS
        and all(is_number(row.get(head, "")) for row in rows)
    ]
    if len(numeric) < 2 or columns["metric"]:
        return None
    seed = columns["seed"]
    scores = tuple(
        _score(head, _seed(row[seed]) if seed else str(at), row, head, None)
        for at, row in enumerate(rows)
        for head in numeric
    )
    told = f'seeds by "{seed}"' if seed else "each row counts as one seed"
    remark = f"read: one column for each variant ({', '.join(numeric)}), {told}"
    return Table("figure", scores, _decimals(rows, numeric), (remark,))


def _column(what: str, named: str | None, rows: Sequence[Record], heads: Sequence[str]) -> str | None:
    """The column that was named, or the first with a usual name; for variants, the first that has several."""
    if named is not None:
        if named not in heads:
            ends = [head for head in heads if named.lower() in _ends(head)]
            near = f'did you mean "{ends[0]}"?' if ends else did_you_mean(named, heads)
            raise InputError(f"--{what} {named}: there is no such column: {near}")
        return named
    plain = {head: last_word(head) for head in heads}
    groups = (
        [NAMES[what]] if what == "metric" else [(name,) for name in NAMES[what]]
    )  # a figure is never guessed among two
    first: str | None = None
    for names in groups:
        found = [head for head in heads if plain[head] in names and not _is_numbered(what, head, rows)]
        if len(found) > 1 and not first:
            raise InputError(f"several columns may have the {what}: {', '.join(found)}; choose one with --{what}")
        if found and (what != "variant" or len({str(row.get(found[0], "")) for row in rows}) > 1):
            return found[0]
        first = first or next(iter(found), None)
    return first


def _is_numbered(what: str, head: str, rows: Sequence[Record]) -> bool:
    """Whether a column of runs only counts them, and so names no variants."""
    return what == "variant" and last_word(head) == "run" and all(is_number(row.get(head, "")) for row in rows)


def _figure(rows: Sequence[Record], heads: Sequence[str], columns: Mapping[str, str | None]) -> str:
    """The column of figures where none has a usual name: one whose words say what it is, or the only one of numbers.

    A time beside another figure is its cost.
    """
    taken = set(columns.values())
    numeric = [
        head
        for head in heads
        if head not in taken
        and not head.startswith(PARAMETERS)
        and last_word(head) not in COUNTS
        and _are_numbers([row.get(head, "") for row in rows])
    ]
    known = [head for head in numeric if words_of(head) & (ACCURACIES | ERRORS | LOSSES)]
    found = known or [head for head in numeric if not words_of(head) & TIMES] or numeric
    if len(found) == 1:
        return found[0]
    if known:
        raise InputError(f"several columns may have the metric: {', '.join(known)}; choose one with --metric")
    raise _missing("metric", heads)


def _are_numbers(cells: Sequence[Any]) -> bool:
    """Whether cells have numbers, or nothing where a run failed."""
    filled = [cell for cell in cells if str(cell).strip().lower() not in NO_FIGURE]
    return bool(filled) and all(is_number(cell) or _has_comma(cell) for cell in filled)


def _has_comma(cell: Any) -> bool:
    """Whether a cell is a number with a decimal comma, which is an error in a column of figures."""
    return re.fullmatch(r"[+-]?\d+,\d+ ?%?", str(cell).strip()) is not None


def last_word(head: str) -> str:
    """A column's name in small letters, without what stands in front of a dot or a slash.

    >>> last_word("metrics/Val.Acc")
    'acc'
    """
    return head.lower().replace("/", ".").rpartition(".")[2]


def _ends(head: str) -> list[str]:
    """A column's name in small letters from each dot or slash in it on.

    >>> _ends("config.optimizer/LR")
    ['optimizer/lr', 'lr']
    """
    return [head[at + 1 :].lower() for at, letter in enumerate(head) if letter in "./"]


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
    if text.lower() in NO_FIGURE or status.lower() not in DONE:
        return None
    if isinstance(cell, bool) or not is_number(text):
        form = f" with a decimal point: {text.replace(',', '.')}" if _has_comma(text) else ""
        raise InputError(f'{row[""]}: {column} is "{cell}": write a number{form}')
    return float(text)


def is_number(cell: Any) -> bool:
    """Whether a cell is a finite number, perhaps with a percent sign."""
    try:
        return math.isfinite(float(str(cell).strip().removesuffix("%")))
    except ValueError:
        return False


def _decimals(rows: Sequence[Record], columns: Sequence[str]) -> int:
    cells = [str(row.get(column, "")).strip().removesuffix("%") for row in rows for column in columns]
    return max(
        (len(cell.partition(".")[2]) for cell in cells if is_number(cell) and "e" not in cell.lower()), default=0
    )

"""Claims: published figures, read from a CSV or Markdown table or from words, with what was said beside them.

Columns are known by many names, and one that nobody knows is only remarked on. A cell that cannot be read is an error
that names its row.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ablab.auditing import quantities
from ablab.auditing.quantities import (
    NUMBER,
    RULES,
    are_shares,
    count,
    named,
    plain_number,
    seconds,
    selection,
    short,
    truth,
)
from ablab.errors import InputError, did_you_mean

LIMIT = 1 << 20  # bytes of a table
LONGEST_HEAD = 200  # characters of a column's head that are looked at
MOST_ROWS = 200


@dataclass(frozen=True)
class Claim:
    """One published accuracy, in percent, and what was said about how it came about; None or "" where nothing was."""

    accuracy: float
    name: str = ""
    seeds: int | None = None  # runs whose mean this is
    sd: float | None = None  # between runs, in points
    test_size: int | None = None
    parameters: int | None = None
    seconds: float | None = None
    hardware: str = ""
    epochs: int | None = None
    selected: str = ""  # which epoch counts: the best on "test", the best on "validation", or the "last"
    test_augmented: bool | None = None
    settings: Mapping[str, str] = field(default_factory=dict)  # of the training: learning rate, batch size and the like

    def __post_init__(self) -> None:
        whose = f"{self.name}: " if self.name else ""
        if not isfinite(self.accuracy) or not 0 <= self.accuracy <= 100:
            raise InputError(f"{whose}an accuracy of {self.accuracy:g}: give percent from 0 to 100, such as 74.19")
        if self.sd is not None and not (isfinite(self.sd) and 0 <= self.sd <= 50):
            raise InputError(f"{whose}sd = {self.sd:g}: give points, such as 0.5")
        if self.seconds is not None and not (isfinite(self.seconds) and self.seconds > 0):
            raise InputError(f"{whose}seconds = {self.seconds:g}: give a time above 0, such as 120")
        for key, example in (("seeds", "5"), ("test_size", "10000"), ("parameters", "1.25M"), ("epochs", "20")):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise InputError(f"{whose}{key.replace('_', ' ')} = {value}: give at least 1, such as {example}")
        if self.selected not in ("", *RULES):
            raise InputError(f'{whose}selected = "{self.selected}": write one of {", ".join(RULES)}')


@dataclass(frozen=True)
class Figures:
    """The claims of a table, the first of them the base, and what was odd about the table."""

    claims: tuple[Claim, ...]
    remarks: tuple[str, ...] = ()


COLUMNS: dict[str, tuple[str, ...]] = {  # of several columns for one thing, the first word wins
    "name": ("name", "variant", "model", "network", "method", "architecture", "configuration", "experiment", "run"),
    "accuracy": (
        *("test accuracy", "test acc", "accuracy", "acc", "top 1", "top 1 accuracy", "top1", "result"),
        *("validation accuracy", "val accuracy", "val acc", "valid acc", "best val", "best val acc", "best accuracy"),
    ),
    "seeds": ("seeds", "runs", "seed count", "number of seeds", "number of runs", "repeats", "repetitions", "n"),
    "sd": ("sd", "std", "stdev", "std dev", "standard deviation", "accuracy sd", "accuracy std", "spread"),
    "test_size": ("test size", "test images", "images", "test set size", "test examples", "test samples"),
    "parameters": ("parameters", "params", "param", "number of parameters", "trainable parameters"),
    "seconds": (
        "seconds",
        "time",
        "training time",
        "train time",
        "duration",
        "runtime",
        "wall time",
        "minutes",
        "hours",
    ),
    "hardware": ("hardware", "device", "gpu", "machine", "accelerator", "card"),
    "epochs": ("epochs", "epoch", "training epochs"),
    "selected": ("selected", "selected on", "selection", "epoch chosen on", "checkpoint"),
    "test_augmented": ("test augmented", "augmented test", "test augmentation"),
}
SETTINGS: dict[str, tuple[str, ...]] = {
    "learning rate": ("learning rate", "lr"),
    "batch size": ("batch size", "batch"),
    "optimizer": ("optimizer", "optimiser"),
    "weight decay": ("weight decay", "wd", "l2"),
    "augmentation": ("augmentation", "augment", "data augmentation"),
    "schedule": ("schedule", "lr schedule", "scheduler"),
    "precision": ("precision",),
    "tuning trials": ("tuning trials", "trials", "tuning"),
    "data": ("data", "dataset", "data set"),
}
KNOWN = {**COLUMNS, **SETTINGS}
NOTHING = {"", "-", "–", "—", "?", "n/a", "na", "none", "unknown", "not stated", "not given", "not said"}


def figures(content: bytes | str, path: str) -> Figures:
    """The claims in a table's bytes, or an InputError that says what is wrong and where."""
    rows = _rows(_decoded(content, path))
    if not rows:
        raise InputError(
            f"{path}: this table is empty: it needs a line of column names, then one line for each network"
        )
    places, remarks = _places(rows[0][1], path)
    if len(rows) - 1 > MOST_ROWS:
        raise InputError(f"{path}: {len(rows) - 1:,} rows; one audit compares at most {MOST_ROWS}")
    head = rows[0][1]
    texts = []
    for number, cells in rows[1:]:
        if len(cells) > len(head):
            raise InputError(
                f"{path}:{number}: {len(cells)} cells below {len(head)} columns: "
                "put quotes around a cell that contains the separator"
            )
        cells = [*cells, *[""] * (len(head) - len(cells))]
        texts.append((number, {key: _plain(cells[at]) for key, at in places.items()}))
    kept = [(number, text) for number, text in texts if text["accuracy"].lower() not in NOTHING]
    if len(kept) < len(texts):
        remarks.append(f"{len(texts) - len(kept)} of {len(texts)} rows have no accuracy, and ablab skips them")
    if not kept:
        raise InputError(f"{path}: no row has an accuracy: put numbers such as 74.19 below {head[places['accuracy']]}")
    heads = {key: head[at].lower() for key, at in places.items()}
    shares = are_shares([text["accuracy"] for _, text in kept], heads["accuracy"], path)
    claims = []
    for number, text in kept:
        try:
            claims.append(_claim(text, heads, are_shares=shares))
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None
    if re.search(r"\bval", heads["accuracy"]):
        remarks.append(
            f'the accuracies are those of the column "{head[places["accuracy"]].strip()}", not of a test set'
        )
    return Figures(tuple(claims), tuple(remarks))


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows of the first table in a text, Markdown or CSV, each with its line; empty ones are left out."""
    lines = text.splitlines()
    for at, line in enumerate(lines[1:], 1):
        if "-" in line and "|" in line and all(re.fullmatch(r":?-+:?", cell.strip()) for cell in _cells(line)):
            below = next((n for n, row in enumerate(lines[at + 1 :], at + 1) if "|" not in row), len(lines))
            return [(n + 1, _cells(lines[n])) for n in (at - 1, *range(at + 1, below))]
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"line {reader.line_num} of the table cannot be read: {error}") from None


def _cells(line: str) -> list[str]:
    inside = line.strip().removeprefix("|")
    inside = inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inside)]


def _places(head: Sequence[str], path: str) -> tuple[dict[str, int], list[str]]:
    """Which column holds what, and remarks on those that hold nothing known."""
    words = [_column(cell) for cell in head]
    places: dict[str, int] = {}
    for key, synonyms in KNOWN.items():
        place = next((words.index(word) for word in synonyms if word in words), None)
        if place is not None:
            places[key] = place
    shown = ", ".join(named(cell) for cell in head if cell.strip()) or "none"
    if "accuracy" not in places:
        raise InputError(
            f'{path}: no column of accuracies: call one "accuracy" or "test accuracy"; '
            f"columns found: {short(shown, 300)}"
        )
    known = {word for synonyms in KNOWN.values() for word in synonyms}
    remarks = []
    for at, word in enumerate(words):
        if at in places.values() or not word:
            continue
        hint = did_you_mean(word[:60], known) if word not in known else ""
        hint = f"; {hint}" if hint.endswith("?") else ""
        why = "is not needed beside the one that ablab uses" if word in known else "is unknown, and ablab ignores it"
        remarks.append(f'the column "{named(head[at])}" {why}{hint}')
    return places, remarks


def _column(cell: str) -> str:
    """A column's head as words alone: `**Test-Accuracy (%)**` is `test accuracy`."""
    cell = cell[:LONGEST_HEAD]  # a bracket that is never closed is looked for to the end, each time
    without = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", cell.lower())
    return " ".join(re.findall(r"[a-z0-9]+", without)) or " ".join(re.findall(r"[a-z0-9]+", cell.lower()))


def _claim(text: Mapping[str, str], heads: Mapping[str, str], *, are_shares: bool) -> Claim:
    given = {key: value for key, value in text.items() if value.lower() not in NOTHING}
    accuracy, sd = quantities.accuracy(given["accuracy"], are_shares=are_shares)
    if "sd" in given:
        is_share = are_shares and "%" not in given["sd"] + heads["sd"] and "pp" not in given["sd"] + heads["sd"]
        sd = plain_number(given["sd"], "sd", "0.5") * (100 if is_share else 1)
    return Claim(
        accuracy=accuracy,
        name=named(given.get("name", "")),
        sd=sd,
        seconds=seconds(given["seconds"], heads["seconds"]) if "seconds" in given else None,
        hardware=named(given.get("hardware", "")),
        selected=selection(given["selected"]) if "selected" in given else "",
        test_augmented=truth(given["test_augmented"]) if "test_augmented" in given else None,
        settings={key: named(given[key]) for key in SETTINGS if key in given},
        **{key: _counted(given, heads, key) for key in ("seeds", "test_size", "parameters", "epochs")},
    )


def _counted(given: Mapping[str, str], heads: Mapping[str, str], key: str) -> Any:
    if key not in given:
        return None
    is_in_millions = key == "parameters" and re.search(r"\(\s*(m|millions?)\s*\)", heads[key])
    unit = "M" if is_in_millions and re.fullmatch(NUMBER, given[key]) else ""
    return count(given[key] + unit, key.replace("_", " "))


def _plain(cell: str) -> str:
    """A cell without the marks of Markdown."""
    return re.sub(r"\*\*|__|`", "", cell).strip().strip("*").strip()


def _decoded(content: bytes | str, path: str) -> str:
    if isinstance(content, str):
        return content
    if len(content) > LIMIT:
        raise InputError(f"{path}: {len(content):,} bytes; a table has {LIMIT:,} at most. Is this the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8: save the table as UTF-8 text") from None
    if "\0" in text:
        raise InputError(f"{path}: this is not a text file: give a CSV or Markdown table")
    return text

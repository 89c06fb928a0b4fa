"""Runs as lists and side by side: for the terminal, and as files that other programs read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab import grammar
from ablab.atomic import atomic_file
from ablab.errors import InputError
from ablab.metric import ACCURACY, known_metrics, metric_of
from ablab.records import Removed, Run
from ablab.report.table import Cell, Head, Table, table, write

if TYPE_CHECKING:
    from ablab.store.query import Listing


def listed(rows: Sequence[dict[str, Any]]) -> Table:
    """One line a run, in the order given. Ten thousand take a quarter of a second."""
    heads: tuple[str | Head, ...] = (
        "run",
        "model",
        Head("data", spare=3),
        "seed >",
        Head("epochs", True, spare=2),
        "test >",
        Head("seconds", True, spare=1),
        "status",
        "tags",
        "changes",
    )
    has_tags, accuracy = any(row["tags"] for row in rows), metric_of(ACCURACY)
    lines = []
    for row in rows:
        changes = {key: value for key, value in json.loads(row["changes"]).items() if key not in ("model", "data")}
        line = (
            row["id"],
            row["model"],
            row["data"],
            str(row["seed"]),
            "-" if row["epochs"] is None else str(row["epochs"]),
            "-" if row["accuracy"] is None else accuracy.show(row["accuracy"]),
            "-" if row["seconds"] is None else f"{row['seconds']:.1f}",
            Cell(row["status"], "" if row["status"] == "finished" else "broken"),
            row["tags"] or "",
            " ".join(f"{key}={grammar.show(value)}" for key, value in changes.items()),
        )
        lines.append(line if has_tags else (*line[:8], line[9]))
    return table("runs", heads if has_tags else (*heads[:8], heads[9]), lines)


def removed_table(graves: Sequence[Removed]) -> Table:
    """One line a run that was removed: what it came to, which plans had judged it, when and why it went."""
    accuracy = metric_of(ACCURACY)
    lines = [
        (
            one.run,
            one.model,
            one.data,
            str(one.seed),
            "-" if one.accuracy is None else accuracy.show(one.accuracy),
            Cell(one.status, "" if one.status == "finished" else "broken"),
            " ".join(one.plans),
            f"{one.time[:10]} {one.time[11:16]}",
            one.why,
        )
        for one in graves
    ]
    heads = ("run", "model", "data", "seed >", "test >", "status", "judged by plans", "removed", "why")
    return table("removed", heads, lines)


def as_json(listing: Listing) -> list[dict[str, Any]]:
    """Rows as JSON has them: what a recipe sets as an object, tags as a list."""
    return [
        {**row, "changes": json.loads(row["changes"]), "tags": (row["tags"] or "").split()} for row in listing.dicts()
    ]


def as_csv(listing: Listing) -> str:
    """Rows as CSV. Text that a spreadsheet would take for a formula has ' before it."""
    return write(table("runs", listing.columns, (), listing.dicts()), "csv")


def write_parquet(listing: Listing, path: Path) -> None:
    """Rows as a Parquet file. A column with numbers and text, such as channels_last, is text."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError("writing Parquet needs pyarrow: pip install 'ablab-experiments[parquet]'") from None
    columns = {name: _of_one_kind(values) for name, *values in zip(listing.columns, *listing.rows, strict=True)}
    with atomic_file(path) as file:
        pyarrow.parquet.write_table(pyarrow.table(columns), file)


def _of_one_kind(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        return [None if value is None else str(value) for value in values]
    return values


@dataclass(frozen=True)
class Difference:
    """Two runs side by side: only what is not the same, except for results."""

    runs: tuple[str, str]
    seeds: tuple[int, int]
    fingerprints: tuple[str, str]
    recipe: dict[str, tuple[Any, Any]]
    machine: dict[str, tuple[Any, Any]]
    results: dict[str, tuple[Any, Any]]
    disagree: float | None  # share of the test images that they give different classes


def difference(a: Run, b: Run) -> Difference:
    """What two runs differ in, and what came of it."""
    ours, theirs = dataclasses.asdict(a.machine), dataclasses.asdict(b.machine)
    results = {
        "status": (a.status, b.status),
        **{name: (metric.of(a), metric.of(b)) for name, metric in known_metrics().items()},
        "selected epoch": (a.selected_epoch, b.selected_epoch),
        "epochs": (a.cost.epochs, b.cost.epochs),
        "seconds": (a.cost.seconds, b.cost.seconds),
        "parameters": (a.cost.parameters, b.cost.parameters),
        "MACs": (a.cost.macs, b.cost.macs),
    }
    return Difference(
        (a.id, b.id),
        (a.spec.seed, b.spec.seed),
        (a.spec.fingerprint, b.spec.fingerprint),
        a.spec.recipe.difference(b.spec.recipe),
        {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]},
        results,
        _disagree(a, b),
    )


def _disagree(a: Run, b: Run) -> float | None:
    if a.spec.fingerprint != b.spec.fingerprint or len(a.predictions) != len(b.predictions) or not a.test:
        return None
    width = max(len(a.predictions) // a.test.images, 1)
    images = range(0, len(a.predictions), width)
    differ = sum(a.predictions[at : at + width] != b.predictions[at : at + width] for at in images)
    return differ / len(images) if images else None

"""The list of runs as a table that can be asked: one SQL expression over a view that cannot change anything."""

from __future__ import annotations

import re
import sqlite3
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from ablab.errors import InputError, did_you_mean
from ablab.metric import known_metrics
from ablab.recipe import Recipe
from ablab.store.schema import PATIENCE

SECONDS = 5.0  # that one question may take
# Steps of SQLite, some milliseconds, between two looks at the clock, each of which waits for Python's lock.
PAUSE = 100_000
LONGEST = 16 << 20  # bytes of one value, so that no expression can fill the memory
EXAMPLE = "such as: --where \"model = 'simple-nn' and accuracy > 0.6\""

# What the view has beside the keys of the recipes. The documents list them from here.
COLUMNS = {
    "id": "ID of the run",
    "model": "network",
    "data": "data set",
    "seed": "seed",
    "status": "finished, diverged or failed",
    "tags": "tags from `ablab runs tag`, separated by spaces",
    "accuracy": "share of the test images predicted correctly, 0 to 1",
    "loss": "mean cross-entropy on the test images",
    "epochs": "number of epochs trained",
    "selected_epoch": "epoch whose weights were tested",
    "seconds": "training time in seconds",
    "parameters": "number of parameters of the network",
    "macs": "multiply-adds per image",
    "machine": "name of the machine",
    "plan": "hash of the plan that it was trained for; NULL for a single run",
    "judged": "hashes of all plans that judged it, separated by spaces",
    "created": "time when it ended: UTC, ISO 8601",
    "recipe": "hash of the recipe",
    "changes": "what the recipe sets, as JSON",
}
_SOURCES = {
    **{name: f"facts.{name}" for name in COLUMNS},
    **{name: f"runs.{name}" for name in ("id", "model", "data", "seed", "status", "recipe")},
    "tags": "(SELECT group_concat(tag, ' ') FROM tags WHERE tags.id = runs.id)",
    "judged": "(SELECT group_concat(plan, ' ') FROM judged WHERE judged.run = runs.id)",
    "changes": "coalesce(recipes.changes, '{}')",
}
_FUNCTIONS = frozenset(
    {
        *("abs", "avg", "count", "max", "min", "round", "sum"),
        *("coalesce", "ifnull", "iif", "nullif", "typeof"),
        *("glob", "instr", "length", "like", "lower", "ltrim", "rtrim", "substr", "substring", "trim", "upper"),
        *("date", "datetime", "julianday", "strftime", "time", "unixepoch"),
        *("group_concat", "json_extract", "json_valid"),  # the view itself
    }
)


class Glance(NamedTuple):
    """What tells a run apart in a long list, without its record."""

    position: int  # grows in the order in which runs were added
    id: str
    recipe: str  # its hash
    model: str
    data: str
    seed: int
    status: str
    accuracy: float | None  # share of the test images, 0 to 1
    seconds: float | None


@dataclass(frozen=True)
class Listing:
    """Rows of the view, in order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def listing(
    address: str,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
    everything: bool = False,
) -> Listing:
    """Runs for which `where` holds, by the column `sort` (with - before it, the largest first), at most `limit`.

    The columns are those of COLUMNS; with `everything`, every other metric and every key of the recipes as well.
    `where` is from outside: a connection of its own that only reads, a list of what it may touch and a limit of time
    hold it.
    """
    connection = sqlite3.connect(address + ("" if "?" in address else "?mode=ro"), uri=True, timeout=PATIENCE)
    try:
        columns = _make_view(connection)
        shown = tuple(columns) if everything else tuple(COLUMNS)
        order = _order(sort, columns)
        names = ", ".join(_quoted(name) for name in shown)
        condition = f"WHERE (\n{where}\n)" if where is not None else ""
        last = "" if limit is None else f"LIMIT {int(limit)}"
        _lock(connection, None if where is None else SECONDS)
        if limit is not None:  # first which runs, then all about them: a sort would carry every column of every run
            condition = f"WHERE position IN (SELECT position FROM listed {condition} {order} {last})"  # noqa: S608
        try:
            question = f"SELECT {names} FROM listed {condition} {order}"  # noqa: S608 (held by _lock)
            rows = connection.execute(question).fetchall()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            if where is None or _is_about_the_file(error):
                raise
            raise InputError(_explained(where, error, columns)) from None
        return Listing(shown, tuple(rows))
    finally:
        connection.close()


def _make_view(connection: sqlite3.Connection) -> dict[str, str]:
    """Make the view for this connection alone; gives its columns and what each is made from.

    A key of a recipe whose name is taken, such as the number of epochs that was asked for, is called recipe_epochs.
    """
    columns = {name: _SOURCES[name] for name in COLUMNS}
    columns |= {name: _metric(name) for name in known_metrics() if name not in columns}
    taken = {name.lower() for name in columns}
    rows = connection.execute("SELECT DISTINCT key FROM recipes, json_each(recipes.keys) WHERE json_valid(keys)")
    found = {str(key) for (key,) in rows.fetchall()} | set(Recipe.model_fields) - {"options"}
    for key in sorted(key for key in found if re.fullmatch(r"[A-Za-z_][\w-]{0,63}", key, re.ASCII)):
        if key in ("model", "data"):
            continue
        name = f"recipe_{key}" if key.lower() in taken else key
        if name.lower() not in taken and len(columns) < 1000:
            taken.add(name.lower())
            columns[name] = _key(key)
    connection.execute("PRAGMA temp_store = MEMORY")
    shown = ", ".join(f"{source} AS {_quoted(name)}" for name, source in columns.items())
    connection.execute(
        f"CREATE TEMP VIEW listed AS SELECT runs.rowid AS position, {shown} FROM runs "  # noqa: S608 (checked names)
        "LEFT JOIN facts ON facts.id = runs.id LEFT JOIN recipes ON recipes.hash = runs.recipe"
    )
    return columns


def _metric(name: str) -> str:
    """A metric of the test images, read from the record: only questions that name it pay for that."""
    return f"""CASE WHEN json_valid(runs.record) THEN json_extract(runs.record, '$.test.metrics."{name}"') END"""


def _key(key: str) -> str:
    """A key of the recipes; runs from before there was such a key had what is now its default."""
    value = f"""json_extract(recipes.keys, '$."{key}"')"""
    default = Recipe.model_fields[key].default if key in Recipe.model_fields else None
    if default is None:
        return value
    literal = "'" + default.replace("'", "''") + "'" if isinstance(default, str) else str(default)
    return f"coalesce({value}, {literal})"


def _lock(connection: sqlite3.Connection, seconds: float | None) -> None:
    """From here on the connection answers questions about the view, for so long at most, and does nothing else."""
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_allowed)
    if seconds is not None:
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, PAUSE)


def _allowed(action: int, first: str | None, second: str | None, _database: str | None, inside: str | None) -> int:
    """Reading the view, and what the view itself reads, and functions that compute from values."""
    if (
        action == sqlite3.SQLITE_SELECT
        or (action == sqlite3.SQLITE_READ and "listed" in (first, inside))
        or (action == sqlite3.SQLITE_FUNCTION and second in _FUNCTIONS)
    ):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _order(sort: str | None, columns: dict[str, str]) -> str:
    if sort is None:
        return "ORDER BY position"
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    if name not in columns:
        raise InputError(f'--sort {sort}: no column is called "{name}": {did_you_mean(name, columns)}')
    return f"ORDER BY {_quoted(name)} IS NULL, {_quoted(name)} {'DESC' if falls else 'ASC'}, position"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_about_the_file(error: Exception) -> bool:
    """Not about the question: the file is locked, damaged or gone."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    )


def _explained(where: str, error: Exception, columns: dict[str, str]) -> str:
    """What is wrong with an expression, and what to type instead."""
    said = f"--where {where!r}: "
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return f"{said}the query took more than {SECONDS:g} s; ask for less"
    if code == sqlite3.SQLITE_AUTH or "not authorized" in str(error) or "prohibited" in str(error):
        return f"{said}a condition may only read and compare the columns of runs; {EXAMPLE}"
    unknown = re.fullmatch(r"no such column: (.*)", str(error))
    if unknown:
        return (
            f'{said}no column is called "{unknown[1]}" (text needs single quotes): {did_you_mean(unknown[1], columns)}'
        )
    return f"{said}{error}; {EXAMPLE}"

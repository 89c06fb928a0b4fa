"""Listed: what the list of runs shows of them, beside the records, each row with a digest that is checked."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.store.schema import FACTS, LISTED

AT_ONCE = 500  # ids in one statement

Checked = Callable[[tuple[Any, ...], str], tuple[Any, ...]]  # a row without its digest, which must agree
_VALUES = (
    "facts.id, accuracy, loss, epochs, selected_epoch, seconds, parameters, macs, machine, plan, created, "
    "runs.recipe, runs.model, runs.data, runs.seed, runs.status"
)
# SQLite compares the digests itself, which takes two thirds of the time of fetching every row of a long list.
_FALSE_FACTS = f"SELECT {_VALUES}, facts.digest FROM facts JOIN runs USING (id) WHERE facts.digest <> digest({_VALUES})"  # noqa: S608
# Of a run whose record can be read there are facts, unless a damaged index hides them.
_WITHOUT = "SELECT runs.id, '' FROM runs LEFT JOIN facts USING (id) WHERE facts.id IS NULL AND json_valid(runs.record)"
_JUDGED = "SELECT judged.* FROM judged JOIN runs ON runs.id = judged.run WHERE true"


def keep(connection: sqlite3.Connection, id_: str) -> None:
    """Take out of a run's record what a list shows; nothing of one that cannot be read."""
    connection.execute(f"INSERT INTO facts SELECT *, '' FROM ({FACTS} AND id = ?)", (id_,))  # noqa: S608 (a constant)
    connection.execute(f"{LISTED} WHERE id = ?", (id_,))


def check(
    connection: sqlite3.Connection,
    checked: Checked,
    shown: Callable[[], Sequence[str]],
    *,
    has_asked_all: bool = True,
    has_asked_of_judges: bool = True,
) -> None:
    """Raise for a row about one of the runs that are shown that is not as it was written, and for any recipe or tag.

    If every run was asked, or the judges of every run were, a false row may have kept one from being shown. `shown`
    is asked as late as possible: the list may still be made.
    """
    for row in connection.execute("SELECT * FROM recipes"):
        checked(row, "the list entry of recipe")
    for row in connection.execute("SELECT * FROM tags"):
        checked(row, "a tag of run")
    check_facts(connection, checked, None if has_asked_all else shown())
    for row in _about(connection, _JUDGED, None if has_asked_of_judges else shown()):
        checked(row, "the list of plans that judged run")


def check_facts(connection: sqlite3.Connection, checked: Checked, ids: Sequence[str] | None) -> None:
    """Raise for facts of one of these runs, or of any, that are not as they were written or are not found."""
    for query in (_FALSE_FACTS, _WITHOUT):
        for row in _about(connection, query, ids):
            checked(row, "the list entry of run")


def _about(connection: sqlite3.Connection, query: str, ids: Sequence[str] | None) -> Iterator[tuple[Any, ...]]:
    """The rows that a query has of these runs, or of all."""
    if ids is None:
        yield from connection.execute(query)
        return
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        yield from connection.execute(f"{query} AND runs.id IN ({', '.join('?' * len(some))})", some)

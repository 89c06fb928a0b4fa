"""Listed: what the list of runs shows of them, beside the records, each row with a digest that is checked."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.store.schema import FACTS, LISTED

AT_ONCE = 500  # ids in one statement

Checked = Callable[[tuple[Any, ...], str], tuple[Any, ...]]  # a row without its digest, which must agree
_FACTS = (
    "SELECT facts.id, accuracy, loss, epochs, selected_epoch, seconds, parameters, macs, machine, plan, created, "
    "runs.recipe, runs.model, runs.data, runs.seed, runs.status, facts.digest FROM facts JOIN runs USING (id)"
)


def keep(connection: sqlite3.Connection, id_: str) -> None:
    """Take out of a run's record what a list shows; nothing of one that cannot be read."""
    connection.execute(f"INSERT INTO facts SELECT *, '' FROM ({FACTS} AND id = ?)", (id_,))  # noqa: S608 (a constant)
    connection.execute(f"{LISTED} WHERE id = ?", (id_,))


def check(connection: sqlite3.Connection, checked: Checked, ids: Sequence[str] | None) -> None:
    """Raise for a row about one of these runs, or any, that is not as it was written, and for any recipe or tag."""
    for row in connection.execute("SELECT * FROM recipes"):
        checked(row, "what the list shows of recipe")
    for row in connection.execute("SELECT * FROM tags"):
        checked(row, "a tag of run")
    check_facts(connection, checked, ids)
    for row in _about(connection, "SELECT judged.* FROM judged JOIN runs ON runs.id = judged.run", ids):
        checked(row, "what is known of who judged run")


def check_facts(connection: sqlite3.Connection, checked: Checked, ids: Sequence[str] | None) -> None:
    """Raise for facts of one of these runs, or of any, that are not as they were written."""
    for row in _about(connection, _FACTS, ids):
        checked(row, "what the list shows of run")


def _about(connection: sqlite3.Connection, query: str, ids: Sequence[str] | None) -> Iterator[tuple[Any, ...]]:
    """The rows that a query has of these runs, or of all."""
    if ids is None:
        yield from connection.execute(query)
        return
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        yield from connection.execute(f"{query} WHERE runs.id IN ({', '.join('?' * len(some))})", some)

"""Looking after a store: is everything as it was written, and what in it does nobody need any more."""

import contextlib
import functools
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablab.errors import AblabError, StoreError
from ablab.records import DataFacts
from ablab.store import artifacts, listed
from ablab.store import trials as kept_trials
from ablab.store.labels import contradiction
from ablab.store.schema import BROKEN, FACTS
from ablab.store.store import Store

LEFT_BEHIND = 24 * 3600.0  # seconds; what is written outside a transaction belongs to somebody within that time


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was written, and the run or trial that it hurts; None where it is not one's."""

    run: str | None
    what: str
    kind: str = "run"  # or "trial"


@dataclass(frozen=True)
class Unneeded:
    """A file that nothing in the store asks for."""

    path: Path
    bytes: int


def damages(store: Store) -> Iterator[Damage]:
    """Everything in the store that is not as it was written, found by reading every byte of it."""
    yield from _of_the_file(store)
    facts = functools.cache(functools.partial(_facts, store))
    for id_ in _each(store, "SELECT id FROM runs ORDER BY rowid"):
        yield from (Damage(id_, what) for what in _of_run(store, id_, facts))
    for id_ in _each(store, "SELECT id FROM trials ORDER BY rowid"):
        yield from (Damage(id_, what, "trial") for what in _of_trial(store, id_))
    for table, key, said in (
        ("recipes", "hash", "the list entry of recipe"),
        ("data", "fingerprint", "data"),
        ("studies", "plan", "the study of plan"),
        ("ledger", "plan", "the ledger entry of plan"),
        ("locks", "plan", "the lock of plan"),
        ("judged", "rowid", "the list of plans that judged run"),
        ("removed", "rowid", "the record of the removed run"),
        ("trial_plans", "plan", "the lock of the plan of trials"),
    ):
        for id_ in _each(store, f"SELECT {key} FROM {table} ORDER BY rowid"):  # noqa: S608 (names from above)
            yield from (Damage(None, what) for what in _of_row(store, table, key, id_, said))


def _each(store: Store, query: str) -> list[str]:
    """First columns of rows; where the pages that hold them are damaged, those before the damage."""
    found: list[str] = []
    with contextlib.suppress(*BROKEN):  # the check of the file has said so
        found.extend(str(row[0]) for row in store.connection.execute(query))
    return found


def _of_the_file(store: Store) -> Iterator[Damage]:
    """What SQLite itself finds: pages and indexes that do not fit together."""
    try:
        said = [str(row[0]) for row in store.connection.execute("PRAGMA integrity_check(20)")]
        said += [f"a row of {row[0]} belongs to no run" for row in store.connection.execute("PRAGMA foreign_key_check")]
    except BROKEN as error:
        said = [str(error)]
    yield from (Damage(None, f"{store.file}: {what}") for what in said if what != "ok")


def _of_run(store: Store, id_: str, facts: Callable[[str], DataFacts | None]) -> Iterator[str]:
    """What is wrong with one run: its row, its artifact, what the list says of it, its weights."""
    try:
        row = store.connection.execute("SELECT * FROM runs WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise StoreError(f"{store.file}: run {id_} is in the table but not in its index")
        run = store.as_run(row)
        if run.id != id_:
            yield f"its recipe, seed and data belong to run {run.id}"
        yield from _of_facts(store, id_)
        if wrong := contradiction(run, facts(run.spec.fingerprint)):
            yield f"its predictions and the labels of its data do not agree: {wrong}"
        for tag in store.connection.execute("SELECT * FROM tags WHERE id = ?", (id_,)).fetchall():
            store.checked(tag, "a tag of run")
    except BROKEN as error:
        yield f"{store.file}: it cannot be read: {error}"
    except (AblabError, ValueError) as error:
        yield str(error)
    weights = store.weights_of(id_)
    if weights.exists():
        yield from _of_weights(weights)


def _of_trial(store: Store, id_: str) -> Iterator[str]:
    """What is wrong with one trial: its row, and what its record says of it."""
    try:
        outcome = kept_trials.outcomes(store, [id_]).get(id_)
        if outcome is None:
            raise StoreError(f"{store.file}: trial {id_} is in the table but not in its index")
        if outcome.trial.id != id_:
            yield f"its call and its seed belong to trial {outcome.trial.id}"
    except (AblabError, ValueError, TypeError, LookupError) as error:
        yield str(error)


def _facts(store: Store, fingerprint: str) -> DataFacts | None:
    """What is known of a run's data; nothing where that is damaged, which is reported by itself."""
    try:
        return store.data(fingerprint)
    except (AblabError, ValueError):
        return None


def _of_facts(store: Store, id_: str) -> Iterator[str]:
    """Where the list of runs says something else than the record."""
    connection = store.connection
    kept = connection.execute("SELECT * FROM facts WHERE id = ?", (id_,)).fetchone()
    wanted = connection.execute(f"{FACTS} AND id = ?", (id_,)).fetchone()
    if (kept and kept[:-1]) != wanted:
        yield "the list of runs disagrees with its record"
    else:
        listed.check_facts(connection, store.checked, [id_])


def _of_weights(path: Path) -> Iterator[str]:
    try:
        said = path.with_name(path.name + ".sha256").read_text(encoding="utf-8").split()
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not said or said[0] != found:
            yield f"{path}: its bytes have changed since it was written"
    except (OSError, ValueError) as error:
        yield f"{path}: its checksum cannot be compared: {error}"


def _of_row(store: Store, table: str, key: str, id_: str, said: str) -> Iterator[str]:
    try:
        row = store.connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (id_,)).fetchone()  # noqa: S608
        store.checked(row or ("",), said)
        if table == "data":
            artifacts.get(store.artifacts, row[3])
    except BROKEN as error:
        yield f"{store.file}: {said} {id_} cannot be read: {error}"
    except AblabError as error:
        yield f"{said} {id_}: {error}" if table == "data" else str(error)


def unneeded(store: Store) -> list[Unneeded]:
    """Files that no run needs: artifacts and weights of runs that were removed, what killed processes left behind.

    Of a run that is not done, everything stays. Ask inside `store.writing()` if they are to be removed: an artifact is
    written in the same transaction as its run, so none of another process's is half there.
    """
    with store.reading() as connection:
        needed: set[Any] = {name for (name,) in connection.execute("SELECT predictions FROM runs")}
        needed |= {name for (name,) in connection.execute("SELECT labels FROM data")}
    runs = set(store.ids())
    found = [
        artifacts.path_of(store.artifacts, name) for name in artifacts.names(store.artifacts) if name not in needed
    ]
    found += [path for path in store.checkpoints.glob("*.*") if path.name.split(".")[0] in runs]
    weights = store.weights.glob("*.safetensors*")
    loose = [path for path in weights if path.name.split(".")[0] not in runs] + list(store.folder.rglob(".*.tmp"))
    long_ago = time.time() - LEFT_BEHIND
    found += [path for path in loose if path.stat().st_mtime < long_ago]
    return [Unneeded(path, path.stat().st_size) for path in sorted(found)]


def clean(store: Store) -> list[Unneeded]:
    """Remove the files that no run needs; gives what they were."""
    with store.writing():
        found = unneeded(store)
        for file in found:
            file.path.unlink(missing_ok=True)
    return found

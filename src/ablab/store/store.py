"""Store: where runs live. One SQLite file and a folder of artifacts; the only user of SQLite."""

import dataclasses
import functools
import json
import os
import re
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from ablab.errors import InputError, StoreError
from ablab.records import DataFacts, Judged, Ledger, Removed, Run, StudyText
from ablab.store import artifacts, history, listed
from ablab.store.opening import connect, writing
from ablab.store.query import Glance, Listing, listing
from ablab.store.schema import BROKEN, RECIPES, digest

AT_ONCE = 500  # ids in one statement: SQLite takes 999 in older versions
TAG = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


class Store:
    """Runs and studies in one folder. Opening it creates what is missing and finds out whether it can be written.

    With `create=False` it must be there, and one that cannot be written is opened for reading.
    """

    def __init__(self, folder: Path | str, *, create: bool = True) -> None:
        self.folder = folder = Path(folder)
        self.file = folder / "store.sqlite"
        self.artifacts = folder / "artifacts"
        self.weights = folder / "weights"  # of `ablab train`, and of studies with keep = "weights"
        self.checkpoints = folder / "checkpoints"  # of runs that are not done
        self.connection, self._address = connect(self.file, creates=create)

    def __repr__(self) -> str:
        return f"<Store {self.folder}>"

    def add(self, run: Run) -> None:
        """Keep a run. It is on the disk when this returns; a run that is there already stays as it was."""
        content = _as_artifact(run)
        record = dataclasses.replace(run, predictions=b"", certainty=b"").to_json()
        recipe = run.spec.recipe
        with self.writing() as connection:  # also around the artifact, which nobody needs until its run is there
            name = artifacts.put(self.artifacts, content)
            row = (run.id, recipe.hash, recipe.model, recipe.data, run.spec.seed, run.status, record, name)
            done = connection.execute(
                "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, digest(*row))
            )
            if done.rowcount:
                connection.execute(
                    f"INSERT OR IGNORE INTO recipes SELECT *, digest(hash, keys, changes) FROM ({RECIPES} AND id = ?)",  # noqa: S608
                    (run.id,),
                )
                listed.keep(connection, run.id)
            if run.plan:  # also where another process has stored the run for another plan meanwhile
                history.judge(connection, [Judged(run.id, run.plan, run.origin.time if run.origin else "")])
            connection.execute("DELETE FROM claims WHERE run = ?", (run.id,))

    def ids(self) -> list[str]:
        """The ids of all runs, in the order in which they were added."""
        with self.reading() as connection:
            return [id_ for (id_,) in connection.execute("SELECT id FROM runs ORDER BY rowid")]

    def runs(self, ids: Iterable[str] | None = None) -> list[Run]:
        """The runs with these ids (those that are there), or all, in the order in which they were added."""
        with self.reading() as connection:
            if ids is None:
                return [self.as_run(row) for row in connection.execute("SELECT * FROM runs ORDER BY rowid")]
            asked = list(ids)
            rows: dict[str, tuple[str, ...]] = {}
            for first in range(0, len(asked), AT_ONCE):
                some = asked[first : first + AT_ONCE]
                marks = ", ".join("?" * len(some))
                rows |= {row[0]: row for row in connection.execute(f"SELECT * FROM runs WHERE id IN ({marks})", some)}  # noqa: S608
            return [self.as_run(rows[id_]) for id_ in asked if id_ in rows]

    def glances(self, after: int = 0) -> list[Glance]:
        """Every run that was added after this position, in a few words: 100,000 of them take a fraction of a second."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT runs.rowid, runs.id, recipe, model, data, seed, status, accuracy, seconds FROM runs "
                "LEFT JOIN facts USING (id) WHERE runs.rowid > ? ORDER BY runs.rowid",
                (after,),
            )
            return list(map(Glance._make, rows))

    def number(self, until: int) -> int:
        """How many runs there are up to this position."""
        with self.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM runs WHERE rowid <= ?", (until,)).fetchone()[0])

    def changes(self) -> dict[str, dict[str, Any]]:
        """What each recipe of the store sets, by its hash."""
        with self.reading() as connection:
            rows = connection.execute("SELECT hash, changes FROM recipes WHERE json_valid(changes)").fetchall()
        return {hash_: json.loads(changes) for hash_, changes in rows}

    def stored(self, ids: Iterable[str]) -> list[str]:
        """Those of these ids whose runs are here."""
        with self.reading() as connection:
            has = functools.partial(connection.execute, "SELECT 1 FROM runs WHERE id = ?")
            return [id_ for id_ in ids if has((id_,)).fetchone()]

    def run(self, start: str) -> Run:
        """The one run whose id begins with `start`."""
        return self.runs([self.find(start)])[0]

    def weights_of(self, id_: str) -> Path:
        """Where the weights of a run are, if they are kept."""
        return self.weights / f"{id_}.safetensors"

    def find(self, start: str) -> str:
        """The whole of the one id that begins with `start`; whether its run is damaged is not asked."""
        pattern = start.replace("%", "").replace("_", "")
        with self.reading() as connection:
            rows = connection.execute("SELECT id FROM runs WHERE id LIKE ? LIMIT 2", (pattern + "%",)).fetchall()
        if len(rows) != 1 or not pattern:
            found = "several runs have IDs that begin" if rows else "no run has an ID that begins"
            raise InputError(f'{found} with "{start}" (all: ablab runs ls)')
        return str(rows[0][0])

    def listing(
        self, where: str | None = None, sort: str | None = None, limit: int | None = None, *, everything: bool = False
    ) -> Listing:
        """Rows of the view that `ablab runs ls` shows; `where` is SQL over its columns and can only look.

        `sort` is a column, with - before it for the largest first. With `everything`, the columns are those of
        `query.COLUMNS` and every key of the recipes.
        """
        asked = f"{where or ''} {sort or ''}".strip().lower()  # then every row has had a part in what is shown
        with self.reading() as connection, ThreadPoolExecutor(1) as beside:
            # SQLite finds and sorts the rows without Python's lock, so digests are compared meanwhile.
            found = beside.submit(listing, self._address, where=where, sort=sort, limit=limit, everything=everything)
            listed.check(
                connection,
                self.checked,
                lambda: [row[0] for row in found.result().rows],
                has_asked_all=bool(asked),
                has_asked_of_judges="judged" in asked,
            )
            return found.result()

    def remove(self, run: Run) -> None:
        """Remove a run; its artifacts stay until nothing needs them."""
        self.remove_ids([run.id])

    def remove_ids(self, ids: Iterable[str], why: str = "") -> None:
        """Remove the runs with these ids; which they were, what they came to and why they went stays known."""
        ids = list(ids)
        with self.writing() as connection:
            history.bury(connection, ids, why)
            connection.executemany("DELETE FROM runs WHERE id = ?", [(id_,) for id_ in ids])
            connection.execute("DELETE FROM recipes WHERE hash NOT IN (SELECT recipe FROM runs)")

    def tag(self, ids: Collection[str], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give runs words of a person's own, or take them off; what a run is and gave stays as it was."""
        add, remove = tuple(add), tuple(remove)
        for tag in add:
            if not re.fullmatch(TAG, tag):
                raise InputError(f'"{tag}" is not a tag: use up to 40 letters, digits, dots, dashes and underscores')
        with self.writing() as connection:
            rows = [(id_, tag, digest(id_, tag)) for id_ in ids for tag in add]
            connection.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", rows)
            connection.executemany("DELETE FROM tags WHERE id = ? AND tag = ?", [(i, t) for i in ids for t in remove])

    def tags(self, id_: str) -> tuple[str, ...]:
        """The tags of a run, in the order of the alphabet."""
        with self.reading() as connection:
            return tuple(tag for (tag,) in connection.execute("SELECT tag FROM tags WHERE id = ? ORDER BY tag", (id_,)))

    def keep_data(self, data: DataFacts, *, replaces: bool = False) -> None:
        """Remember names and test labels of a data set, so that verdicts and reports need no pictures.

        What is there already stays as it is, unless this is said to replace it.
        """
        content = array("I", data.labels).tobytes()
        with self.writing() as connection:
            name, shape = artifacts.put(self.artifacts, content), json.dumps(data.in_shape)
            row = (data.fingerprint, data.name, json.dumps(data.classes), name, shape)
            if replaces:
                connection.execute("DELETE FROM data WHERE fingerprint = ?", (data.fingerprint,))
            connection.execute("INSERT OR IGNORE INTO data VALUES (?, ?, ?, ?, ?, ?)", (*row, digest(*row)))
            if data.in_shape is not None:  # an older version may have kept all but the shape
                connection.execute(
                    "UPDATE data SET in_shape = ?, digest = digest(fingerprint, name, classes, labels, ?) "
                    "WHERE fingerprint = ? AND in_shape = 'null' "
                    "AND digest = digest(fingerprint, name, classes, labels, in_shape)",
                    (shape, shape, data.fingerprint),
                )

    def data(self, fingerprint: str) -> DataFacts | None:
        """What was kept of the data set with this fingerprint."""
        with self.reading() as connection:
            row = connection.execute("SELECT * FROM data WHERE fingerprint = ?", (fingerprint,)).fetchone()
        if row is None:
            return None
        _, name, classes, content, shape = self.checked(row, "the record of the data")
        labels = array("I", artifacts.get(self.artifacts, content))
        in_shape = json.loads(shape)
        return DataFacts(fingerprint, name, tuple(json.loads(classes)), tuple(labels), in_shape and tuple(in_shape))

    def fingerprints(self) -> list[str]:
        """The fingerprints of all data sets of which something was kept."""
        with self.reading() as connection:
            return [fingerprint for (fingerprint,) in connection.execute("SELECT fingerprint FROM data ORDER BY rowid")]

    def keep_study(self, study: StudyText) -> None:
        """Remember the text of a study under the hash of its plan, that it looks at the test images, and since when."""
        row = (study.plan, study.name, study.text, study.fingerprint, study.data, study.scale)
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO studies VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, digest(*row)))
            (number,) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM ledger").fetchone()
            entry = (study.plan, study.fingerprint, study.comparisons, number)
            done = connection.execute("INSERT OR IGNORE INTO ledger VALUES (?, ?, ?, ?, ?)", (*entry, digest(*entry)))
            if done.rowcount and study.locked:  # a plan that is in the ledger has been locked before
                history.lock(connection, study)

    def ledger(self, plan: str) -> Ledger | None:
        """How often the test images had been looked at when this study was begun; None if it never was."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM ledger WHERE fingerprint = "
                "(SELECT fingerprint FROM ledger WHERE plan = ?) ORDER BY number",
                (plan,),
            ).fetchall()
        before = 0
        for number, row in enumerate(rows, start=1):
            one, _, comparisons, _ = self.checked(row, "the ledger entry of plan")
            if one == plan:
                return Ledger(number, before + 1, before + comparisons)
            before += comparisons
        return None

    def studies(self, text: str | None = None) -> list[StudyText]:
        """Every study, or those with this text, in the order in which they were first run."""
        some, words = ("", ()) if text is None else ("WHERE text = ?", (text,))
        plans = "" if text is None else "WHERE plan IN (SELECT plan FROM studies WHERE text = ?)"
        with self.reading() as connection:
            rows = connection.execute(f"SELECT * FROM studies {some} ORDER BY rowid", words).fetchall()  # noqa: S608
            entries = connection.execute(f"SELECT * FROM ledger {plans}", words).fetchall()  # noqa: S608 (constants)
            locks = history.locks(connection, self.checked, None if text is None else [row[0] for row in rows])
        comparisons = {row[0]: row[2] for row in entries if self.checked(row, "the ledger entry of plan")}
        return [
            StudyText(plan, name, text, fingerprint, comparisons.get(plan, 1), data, scale, *locks.get(plan, (0, "")))
            for row in rows
            for plan, name, text, fingerprint, data, scale in [self.checked(row, "the study of plan")]
        ]

    def locked(self, plan: str) -> str:
        """When a plan was locked; empty where an older version did, or none has."""
        with self.reading() as connection:
            return history.locks(connection, self.checked, [plan]).get(plan, (0, ""))[1]

    def judge(self, looks: Iterable[Judged]) -> None:
        """Note that plans have judged runs."""
        with self.writing() as connection:
            history.judge(connection, looks)

    def judged(self, ids: Iterable[str]) -> list[Judged]:
        """Which plans have judged these runs, and when each first did."""
        asked = list(ids)
        with self.reading() as connection:
            parts = [asked[first : first + AT_ONCE] for first in range(0, len(asked), AT_ONCE)]
            return [one for some in parts for one in history.judged(connection, self.checked, some)]

    def keep_removed(self, graves: Iterable[Removed]) -> None:
        """Note runs that were removed where others come from."""
        with self.writing() as connection:
            history.keep_removed(connection, graves)

    def removed(self) -> list[Removed]:
        """What stays of all runs that were removed."""
        with self.reading() as connection:
            return history.removed(connection, self.checked)

    def checked(self, row: tuple[Any, ...], what: str) -> tuple[Any, ...]:
        """A row without the digest at its end, which it must agree with."""
        if digest(*row[:-1]) != row[-1]:
            raise StoreError(
                f"{self.file}: {what} {row[0]} is damaged: its bytes have changed since it was written; "
                "for all damage: ablab runs verify"
            )
        return row[:-1]

    def as_run(self, row: tuple[Any, ...]) -> Run:
        """The run of a row of its table, with its artifact; an error that names it if any byte has changed."""
        *_, record, name = self.checked(row, "run")
        content = artifacts.get(self.artifacts, name)
        run = Run.from_json(record)
        if '"certainty":""' not in record:  # written when an artifact was the predictions alone
            return dataclasses.replace(run, predictions=content)
        classes, certainty = _classes_and_certainty(content)
        return dataclasses.replace(run, predictions=classes, certainty=certainty)

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that is on the disk when the block ends, and leaves no trace if it ends with an error."""
        return writing(self.connection, self.file)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection; what SQLite finds wrong becomes an error with the file's name."""
        try:
            yield self.connection
        except BROKEN as error:
            raise StoreError(f"{self.file}: cannot be read: {error}; to see the damage: ablab runs verify") from None


def place(given: str | None) -> Path:
    """Where the store is: what was given, else $ABLAB_STORE, else .ablab in the current folder."""
    return Path(given or os.environ.get("ABLAB_STORE") or ".ablab")


def opened(given: Store | Path | str | None = None, *, create: bool = True) -> Store:
    """A store that was given by itself, by its folder, or not at all: then it is where `place` says."""
    return given if isinstance(given, Store) else Store(place(str(given) if given else None), create=create)


def _as_artifact(run: Run) -> bytes:
    """What a run said of every test image as one artifact: how many bytes of classes, these, and their certainty."""
    return len(run.predictions).to_bytes(4, "little") + run.predictions + run.certainty


def _classes_and_certainty(content: bytes) -> tuple[bytes, bytes]:
    end = 4 + int.from_bytes(content[:4], "little")
    return content[4:end], content[end:]

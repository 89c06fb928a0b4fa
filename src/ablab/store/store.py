"""Store: where runs live. One SQLite file and a folder of artifacts; the only user of SQLite."""

import dataclasses
import hashlib
import json
import os
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ablab.errors import InputError, StoreError
from ablab.records import DataFacts, Ledger, Run
from ablab.store import artifacts
from ablab.store.schema import migrate

# Older versions can corrupt a write-ahead log that several processes write to (sqlite.org/wal.html#walresetbug).
SAFE_WAL = (3, 51, 3)
PATIENCE = 60.0  # seconds to wait for another process's write


class Store:
    """Runs and studies in one folder. Opening it creates what is missing and finds out whether it can be written."""

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self.folder = folder
        self.file = folder / "store.sqlite"
        if not create and not self.file.exists():
            raise InputError(
                f"{folder}: there is no store here; runs are kept where --store or $ABLAB_STORE says, else in .ablab"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.file}: the store cannot be opened or written: {error}") from None

    def add(self, run: Run) -> None:
        """Keep a run. It is on the disk when this returns; a run that is there already stays as it was."""
        name = artifacts.put(self.folder / "artifacts", run.predictions)
        record = dataclasses.replace(run, predictions=b"").to_json()
        recipe = run.wanted.recipe
        row = (run.id, recipe.hash, recipe.model, recipe.data, run.wanted.seed, run.status, record, name)
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, _digest(*row)))

    def runs(self, ids: Iterable[str] | None = None) -> list[Run]:
        """The runs with these ids (those that are there), or all, in the order in which they were added."""
        with self._reading() as connection:
            if ids is None:
                return [self._run(row) for row in connection.execute("SELECT * FROM runs ORDER BY rowid")]
            rows = (connection.execute("SELECT * FROM runs WHERE id = ?", (id_,)).fetchone() for id_ in ids)
            return [self._run(row) for row in rows if row]

    def run(self, start: str) -> Run:
        """The one run whose id begins with `start`."""
        pattern = start.replace("%", "").replace("_", "")
        with self._reading() as connection:
            rows = connection.execute("SELECT * FROM runs WHERE id LIKE ? LIMIT 2", (pattern + "%",)).fetchall()
        if len(rows) != 1 or not pattern:
            found = "several runs have ids that begin" if rows else "no run has an id that begins"
            raise InputError(f'{found} with "{start}" (all: ablab runs ls)')
        return self._run(rows[0])

    def remove(self, run: Run) -> None:
        """Forget a run; its artifacts stay until nothing needs them."""
        with self._writing() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run.id,))

    def keep_data(self, data: DataFacts) -> None:
        """Remember names and test labels of a data set, so that verdicts and reports need no pictures."""
        labels = artifacts.put(self.folder / "artifacts", array("I", data.labels).tobytes())
        row = (data.fingerprint, data.name, json.dumps(data.classes), labels)
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO data VALUES (?, ?, ?, ?)", row)

    def data(self, fingerprint: str) -> DataFacts | None:
        """What was kept of the data set with this fingerprint."""
        with self._reading() as connection:
            row = connection.execute("SELECT * FROM data WHERE fingerprint = ?", (fingerprint,)).fetchone()
        if row is None:
            return None
        labels = array("I", artifacts.get(self.folder / "artifacts", row[3]))
        return DataFacts(row[0], row[1], tuple(json.loads(row[2])), tuple(labels))

    def keep_study(self, plan: str, name: str, text: str, fingerprint: str, comparisons: int) -> None:
        """Remember the text of a study under the hash of its plan, and that it looks at the test images."""
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO studies VALUES (?, ?, ?, ?)", (plan, name, text, fingerprint))
            connection.execute("INSERT OR IGNORE INTO ledger VALUES (?, ?, ?)", (plan, fingerprint, comparisons))

    def ledger(self, plan: str) -> Ledger | None:
        """How often the test images had been looked at when this study was begun; None if it never was."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT plan, comparisons FROM ledger WHERE fingerprint = "
                "(SELECT fingerprint FROM ledger WHERE plan = ?) ORDER BY rowid",
                (plan,),
            ).fetchall()
        before = 0
        for number, (one, comparisons) in enumerate(rows, start=1):
            if one == plan:
                return Ledger(number, before + 1, before + comparisons)
            before += comparisons
        return None

    def studies(self) -> list[tuple[str, str, str, str]]:
        """Plan hash, name, text and data fingerprint of every study, in the order in which they were first run."""
        with self._reading() as connection:
            return connection.execute("SELECT plan, name, text, fingerprint FROM studies ORDER BY rowid").fetchall()

    def _run(self, row: tuple[str, ...]) -> Run:
        *values, digest = row
        if _digest(*values) != digest:
            raise StoreError(f"{self.file}: run {row[0]} is damaged: its bytes have changed since it was written")
        return dataclasses.replace(
            Run.from_json(values[6]), predictions=artifacts.get(self.folder / "artifacts", values[7])
        )

    def _prepare(self) -> None:
        modern = sqlite3.sqlite_version_info >= SAFE_WAL and not _file_system(self.folder)
        self._connection.execute(f"PRAGMA journal_mode = {'WAL' if modern else 'DELETE'}")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        migrate(self._connection, str(self.file))
        with self._writing():  # a store that cannot be written is found now, not after an hour of training
            pass

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # IMMEDIATE: a transaction that reads first and writes later fails at once, whatever the patience
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(f"{self.file}: nothing was written: {error}") from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection
        except sqlite3.Error as error:
            raise StoreError(f"{self.file}: cannot be read: {error}") from None


def place(given: str | None) -> Path:
    """Where the store is: what was given, else $ABLAB_STORE, else .ablab in the current folder."""
    return Path(given or os.environ.get("ABLAB_STORE") or ".ablab")


def _digest(*values: object) -> str:
    return hashlib.sha256("\0".join(map(str, values)).encode("utf-8", "surrogatepass")).hexdigest()


def _file_system(folder: Path) -> str | None:
    """The kind of network file system that a folder is on, if it is on one; known on Linux only."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    path = str(folder.resolve())
    here = [(point, kind) for point, kind in mounts if path == point or path.startswith(point.rstrip("/") + "/")]
    kind = max(here, key=lambda mount: len(mount[0]), default=("", ""))[1]
    return kind if kind in {"nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "fuse.sshfs", "9p"} else None

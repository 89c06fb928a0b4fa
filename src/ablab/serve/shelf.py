"""Shelf: what the store holds and what is running, read when it has changed and never held open.

A run that is in the store does not change, so the store is read anew only when its file has.
"""

import functools
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from ablab.errors import AblabError
from ablab.records import DataFacts, Ledger, Run
from ablab.store import Store
from ablab.study import Decision, Plan, Study, decide, plan
from ablab.track import progress
from ablab.track.progress import LiveRun, LiveStudy

Stamp = tuple[tuple[str, int, int, bytes], ...]


@dataclass(frozen=True)
class Shown:
    """A study as the store has it now."""

    plan: Plan
    hash: str  # under which the store has it
    runs: tuple[Run, ...]
    decision: Decision
    ledger: Ledger | None
    data: DataFacts | None

    @property
    def study(self) -> Study:
        return self.plan.study


@dataclass(frozen=True)
class Unreadable:
    """A study whose text this version cannot read."""

    hash: str
    name: str
    fault: str


@dataclass(frozen=True)
class Kept:
    """What the store holds: runs by id in the order in which they came, studies with the newest first."""

    runs: dict[str, Run]
    studies: tuple[Shown, ...]
    unreadable: tuple[Unreadable, ...]
    data: dict[str, DataFacts]  # by fingerprint
    stamp: Stamp  # the same as long as nothing is written to the store

    def study(self, hash_: str) -> Shown | None:
        return next((it for it in self.studies if it.hash == hash_), None)


@dataclass(frozen=True)
class Seen:
    """One look: the store, and what is running beside it."""

    kept: Kept
    live_runs: dict[str, LiveRun]  # those that the store does not have yet
    live_studies: dict[str, LiveStudy]

    @property
    def mark(self) -> str:
        """A text that is another one as soon as anything has changed."""
        said = repr((self.kept.stamp, self.live_runs, self.live_studies))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Shelf:
    """Looks at one store again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[Stamp, Kept] | None = None
        self._reading = threading.Lock()  # requests are answered side by side; one of them reads for all

    def look(self) -> Seen:
        """What there is now. What is running is read first: a run that ends meanwhile is then in the store."""
        live_runs, live_studies = progress.runs(self.folder), progress.studies(self.folder)
        kept = self._kept()
        return Seen(
            kept,
            {run.id: run for run in live_runs if run.id not in kept.runs},
            {study.plan: study for study in live_studies},
        )

    def _kept(self) -> Kept:
        with self._reading:
            stamp = _stamp(self.folder)
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, read(self.folder, stamp)
            return self._known[1]


def read(folder: Path, stamp: Stamp = ()) -> Kept:
    """Everything in the store, in a few short reads."""
    store = Store(folder, create=False)
    runs = {run.id: run for run in store.runs()}
    rows = store.studies()
    data = {fingerprint: store.data(fingerprint) for fingerprint in {run.wanted.fingerprint for run in runs.values()}}
    studies: list[Shown] = []
    unreadable: list[Unreadable] = []
    for hash_, name, text, fingerprint in reversed(rows):
        try:
            planned = planned_from(text, name, fingerprint)
        except AblabError as error:
            unreadable.append(Unreadable(hash_, name, str(error)))
            continue
        facts = data.get(fingerprint)
        own = tuple(runs[wanted.id] for wanted in planned.most if wanted.id in runs)
        decision = decide(planned, own, labels=facts and facts.labels)
        studies.append(Shown(planned, hash_, own, decision, store.ledger(hash_), facts))
    return Kept(runs, tuple(studies), tuple(unreadable), {key: it for key, it in data.items() if it}, stamp)


@functools.lru_cache(maxsize=1024)
def planned_from(text: str, name: str, fingerprint: str) -> Plan:
    """The plan of a study from its text; the file that it came from may be gone."""
    return plan(Study.from_toml(text, f"{name}.toml"), fingerprint)


def _stamp(folder: Path) -> Stamp:
    """Changes whenever something is written to the store: its file, or the log beside it.

    Two writes within one tick of the clock differ in the count of changes that SQLite keeps in bytes 24 to 27.
    """
    found = []
    for name in ("store.sqlite", "store.sqlite-wal"):
        try:
            stat = (folder / name).stat()
            with (folder / name).open("rb") as file:
                found.append((name, stat.st_mtime_ns, stat.st_size, file.read(28)))
        except OSError:
            continue
    return tuple(found)

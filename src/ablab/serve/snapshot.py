"""Snapshot: what the store holds and what is running, read when it has changed and never held open.

A run that is in the store does not change, so the store is read anew only when its file has.
"""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ablab.errors import AblabError
from ablab.records import DataFacts, Run
from ablab.result import Result, plan_of, result_of
from ablab.store import Store
from ablab.track import progress
from ablab.track.progress import LiveRun, LiveStudy

Stamp = tuple[tuple[str, int, int, bytes], ...]


@dataclass(frozen=True)
class Unreadable:
    """A study whose text this version cannot read."""

    hash: str
    name: str
    fault: str


@dataclass(frozen=True)
class StoreView:
    """What the store holds: runs by id in the order in which they came, studies with the newest first."""

    runs: dict[str, Run]
    studies: tuple[Result, ...]
    unreadable: tuple[Unreadable, ...]
    data: dict[str, DataFacts]  # by fingerprint
    stamp: Stamp  # the same as long as nothing is written to the store

    def study(self, hash_: str) -> Result | None:
        return next((it for it in self.studies if it.plan.hash == hash_), None)


@dataclass(frozen=True)
class Snapshot:
    """One look: the store, and what is running beside it."""

    store: StoreView
    live_runs: dict[str, LiveRun]  # those that the store does not have yet
    live_studies: dict[str, LiveStudy]

    @property
    def mark(self) -> str:
        """A text that is another one as soon as anything has changed."""
        text = repr((self.store.stamp, self.live_runs, self.live_studies))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Shelf:
    """Looks at one store again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: tuple[Stamp, StoreView] | None = None
        self._reading = threading.Lock()  # requests are answered side by side; one of them reads for all

    def look(self) -> Snapshot:
        """What there is now. What is running is read first: a run that ends meanwhile is then in the store."""
        live_runs, live_studies = progress.runs(self.folder), progress.studies(self.folder)
        store = self._view()
        return Snapshot(
            store,
            {run.id: run for run in live_runs if run.id not in store.runs},
            {study.plan: study for study in live_studies},
        )

    def _view(self) -> StoreView:
        with self._reading:
            stamp = _stamp(self.folder)
            if self._known is None or self._known[0] != stamp:
                self._known = stamp, read(self.folder, stamp, self._known[1] if self._known else None)
            return self._known[1]


def read(folder: Path, stamp: Stamp = (), before: StoreView | None = None) -> StoreView:
    """Everything in the store, in a few short reads; what was read before is not read again."""
    store = Store(folder, create=False)
    runs = _runs(store, before.runs if before else {})
    fingerprints = {run.spec.fingerprint for run in runs.values()}
    data = {fingerprint: facts for fingerprint in fingerprints if (facts := store.data(fingerprint))}
    studies: list[Result] = []
    unreadable: list[Unreadable] = []
    for entry in reversed(store.studies()):
        try:
            planned = plan_of(entry)
        except AblabError as error:
            unreadable.append(Unreadable(entry.plan, entry.name, str(error)))
            continue
        own = tuple(runs[spec.id] for spec in planned.most if spec.id in runs)
        known = before.study(entry.plan) if before else None
        if known is None or known.runs != own or planned.study.tune:  # trials are not among the runs of the plan
            known = result_of(planned, store, own)
        studies.append(known)
    at_own_rates = {it.after_tuning.plan.hash for it in studies if it.after_tuning}  # shown with the study they are of
    left = tuple(one for one in unreadable if one.hash not in at_own_rates)
    return StoreView(runs, tuple(studies), left, data, stamp)


def _runs(store: Store, before: Mapping[str, Run]) -> dict[str, Run]:
    """All runs by id. Runs are only ever added at the end, unless one was removed: then all are read anew."""
    ids = store.ids()
    if ids[: len(before)] != list(before):
        before = {}
    new = store.runs(ids[len(before) :])
    return {**before, **{run.id: run for run in new}}


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

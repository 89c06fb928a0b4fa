"""Snapshot: what the store holds and what is running, read as far as a page asks for it and never held open.

A run that is in the store does not change, so what was read of a run or a study is kept until the file changes, and
after that for as long as it is still the same. A page of a store with 100,000 runs reads those that it shows.
"""

import functools
import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from ablab.errors import AblabError
from ablab.records import DataFacts, Run, StudyText
from ablab.result import Result, plan_of, result_of
from ablab.store import Store
from ablab.store.query import Glance
from ablab.store.trials import locked
from ablab.track import progress
from ablab.track.progress import LiveRun, LiveStudy
from ablab.trial import LockedTrials
from ablab.trials.kept import plan_of as program_plan_of
from ablab.trials.result import TrialResult
from ablab.trials.result import result_of as program_result_of

Stamp = tuple[tuple[str, int, int, bytes], ...]
MOST_KEPT = 5000  # runs that were read and are kept in memory
InStudy = tuple[str, str, str]  # a study, what a recipe is called in it, and the hash of its plan


@dataclass(frozen=True)
class Unreadable:
    """A study whose text this version cannot read."""

    hash: str
    name: str
    fault: str


class Runs(Mapping[str, Run]):
    """The runs of a store by id, in the order in which they came; each is read when it is asked for."""

    def __init__(self, folder: Path, glances: dict[str, Glance], kept: dict[Glance, Run]) -> None:
        self.folder, self.glances, self.kept = folder, glances, kept

    def __getitem__(self, id_: str) -> Run:
        (run,) = self.some([id_])
        return run

    def __iter__(self) -> Iterator[str]:
        return iter(self.glances)

    def __len__(self) -> int:
        return len(self.glances)

    def __contains__(self, id_: object) -> bool:
        return id_ in self.glances

    def some(self, ids: Iterable[str]) -> list[Run]:
        """The runs with these ids, read together; a KeyError for one that is not there."""
        glances = [self.glances[id_] for id_ in ids]
        if missing := [one for one in glances if one not in self.kept]:
            read = {run.id: run for run in Store(self.folder, create=False).runs(one.id for one in missing)}
            if len(self.kept) > MOST_KEPT:
                self.kept.clear()
            self.kept |= {one: read[one.id] for one in missing}
            return [self.kept.get(one) or read[one.id] for one in glances]
        return [self.kept[one] for one in glances]


class StoreView:
    """What the store holds at one moment. It is shared by requests, of which one reads at a time."""

    def __init__(self, folder: Path, stamp: Stamp, before: "StoreView | None" = None) -> None:
        store = Store(folder, create=False)
        self.folder = folder
        self.stamp = stamp  # the same as long as nothing is written to the store
        self.reading: threading.RLock = before.reading if before else threading.RLock()
        self.runs: Runs = Runs(
            folder, _glances(store, before.runs.glances if before else {}), before.runs.kept if before else {}
        )
        self.entries: tuple[StudyText, ...] = tuple(reversed(store.studies()))  # the newest in front
        self.programs: tuple[LockedTrials, ...] = tuple(reversed(locked(store)))  # studies of commands and functions
        self._results: dict[str, Result | Unreadable] = {}  # by plan
        self._before = before._results if before else {}
        self._programs: dict[str, TrialResult | Unreadable] = {}

    @property
    def studies(self) -> tuple[Result, ...]:
        """Every study that this version can read, the newest in front."""
        read = (self.result(entry) for entry in self.entries)
        return tuple(one for one in read if isinstance(one, Result))

    def study(self, hash_: str) -> Result | Unreadable | None:
        """The study with this plan; None where there is none."""
        entry = next((entry for entry in self.entries if entry.plan == hash_), None)
        return self.result(entry) if entry else None

    def program(self, hash_: str) -> TrialResult | Unreadable | None:
        """The study of a program or a function with this plan; None where there is none."""
        entry = next((entry for entry in self.programs if entry.plan == hash_), None)
        return self.program_result(entry) if entry else None

    def program_result(self, entry: LockedTrials) -> TrialResult | Unreadable:
        """What a study of a program or a function has come to, or why it cannot be read."""
        with self.reading:
            if entry.plan not in self._programs:
                try:
                    found = program_result_of(program_plan_of(entry), Store(self.folder, create=False))
                    self._programs[entry.plan] = found
                except AblabError as error:
                    self._programs[entry.plan] = Unreadable(entry.plan, entry.name, str(error))
            return self._programs[entry.plan]

    def result(self, entry: StudyText) -> Result | Unreadable:
        """What a study has come to, or why it cannot be read."""
        with self.reading:
            if entry.plan not in self._results:
                self._results[entry.plan] = self._read(entry)
            return self._results[entry.plan]

    def _read(self, entry: StudyText) -> Result | Unreadable:
        try:
            planned = plan_of(entry)
        except AblabError as error:
            return Unreadable(entry.plan, entry.name, str(error))
        own = tuple(self.runs.some(spec.id for spec in planned.most if spec.id in self.runs))
        known = self._before.get(entry.plan)
        if isinstance(known, Result) and known.runs == own and not planned.study.tune:
            return known
        return result_of(planned, Store(self.folder, create=False), own)  # trials are not among the runs of the plan

    def is_at_own_rates(self, entry: StudyText) -> bool:
        """Whether this is a study at tuned rates, which is shown with the study that it is of."""
        same = (self.result(one) for one in self.entries if one.text == entry.text and one.plan != entry.plan)
        return any(one.after_tuning and one.after_tuning.plan.hash == entry.plan for one in same if _is_read(one))

    def data(self, fingerprint: str) -> DataFacts | None:
        """What was kept of the data set with this fingerprint."""
        return Store(self.folder, create=False).data(fingerprint)

    @functools.cached_property
    def changes(self) -> dict[str, dict[str, object]]:
        """What each recipe sets, by its hash."""
        return Store(self.folder, create=False).changes()

    @functools.cached_property
    def names(self) -> dict[str, tuple[InStudy, ...]]:
        """For each recipe, the studies that it is in and what it is called there."""
        found: dict[str, tuple[InStudy, ...]] = {}
        for entry in self.entries:
            for recipe, name in _names(entry):
                found[recipe] = (*found.get(recipe, ()), (entry.name, name, entry.plan))
        return found


def _is_read(one: Result | Unreadable) -> TypeGuard[Result]:
    return isinstance(one, Result)


@functools.lru_cache(maxsize=1 << 14)
def _names(entry: StudyText) -> tuple[tuple[str, str], ...]:
    """The hashes of a study's recipes and what they are called in it; nothing where it cannot be read."""
    try:
        return tuple(plan_of(entry).study.names.items())
    except AblabError:
        return ()


def _glances(store: Store, known: dict[str, Glance]) -> dict[str, Glance]:
    """All runs. Runs are only ever added at the end, unless one was removed: then all are read anew."""
    last = known[next(reversed(known))].position if known else 0
    if known and store.number(last) == len(known):
        newest = store.glances(last - 1)
        if newest and newest[0] == known[newest[0].id]:
            return {**known, **{one.id: one for one in newest}}
    return {one.id: one for one in store.glances()}


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
        self._known: StoreView | None = None
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
            if self._known is None or self._known.stamp != stamp:
                self._known = StoreView(self.folder, stamp, self._known)
            return self._known


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

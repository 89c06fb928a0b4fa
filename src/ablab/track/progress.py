"""Progress: what is running now, told to other processes through small files in STORE/live.

A run that is being trained has `<run id>.jsonl`, which grows by a line an event. A study that is being carried out has
`study-<plan hash>.json`; a file `stop-<plan hash>` asks it to stop, and the conductor looks for that file. Every file
names the process that wrote it, by number and start, so what a process left behind that was killed is not believed, and
the next one that writes sweeps it away.

None of this is needed to train: a disk that refuses a line gets no further ones, as with every tracker that fails.
"""

import contextlib
import functools
import json
import math
import os
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ablab import wire
from ablab.atomic import atomic_write
from ablab.catalogue import mark
from ablab.errors import AblabError, InputError, RecipeError
from ablab.events import EpochDone, Event, Finished, Noticed, Projection, Started
from ablab.records import EpochRow, Run, RunSpec
from ablab.track import Activity, Page
from ablab.trial import Outcome

SAME_START = 60.0  # seconds: a clock that was set meanwhile moves what is known of a start; no number is reused so soon
YOUNG = 60.0  # seconds: a file without a whole line may be one that is just being written
LARGEST = 64 << 20  # bytes of a file that is read: 200,000 epochs


@dataclass(frozen=True)
class LiveRun:
    """A run that is being trained, as far as it has got."""

    spec: RunSpec
    plan: str | None  # hash of the study's plan; None for a run of its own
    since: float  # seconds since 1970
    rows: tuple[EpochRow, ...]  # those of this process: a run that goes on where it was stopped begins later than 1
    notes: tuple[str, ...]
    started: Started | None  # its first event: device, parameters, images
    is_measured: bool  # training is over, and the store will have the run in a moment

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def epoch(self) -> int:
        """The last whole epoch; 0 before the first."""
        return self.rows[-1].epoch if self.rows else 0


@dataclass(frozen=True)
class LiveStudy:
    """A study that is being carried out."""

    plan: str
    name: str
    path: str  # of its file
    least: int  # runs before the first verdict
    most: int
    since: float
    pid: int
    is_stopping: bool  # somebody has asked it to


def folder_of(store: Path) -> Path:
    """Where progress is told."""
    return store / "live"


@mark("tracker", "progress")
class Progress:
    """Small files in the folder of the store: how the dashboard knows what is going on; always there."""

    def __init__(self, activity: Activity) -> None:
        self.store, self.plan, self.live = activity.store, activity.plan, folder_of(activity.store)
        self.study, self.stop = self.live / f"study-{self.plan}.json", _stop_file(activity.store, activity.plan or "")
        self.begun: set[str] = set()
        if self.plan is None:
            return
        with contextlib.suppress(OSError, AblabError):
            self.live.mkdir(parents=True, exist_ok=True)
            sweep(self.store)
            _forget(self.stop)
            facts = {"name": activity.name, "path": str(activity.path.resolve())}
            numbers = {"least": activity.least, "most": activity.most}
            atomic_write(self.study, json.dumps({"plan": self.plan, **facts, **numbers, **_owner()}))

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        """One line more in the file of a run."""
        if isinstance(event, Projection):
            return
        if not self.begun:
            self.live.mkdir(parents=True, exist_ok=True)
            sweep(self.store)
        file = _run_file(self.live, spec.id)
        if spec.id not in self.begun:
            if isinstance(event, Noticed) and _lives(there := _first(file)) and not _is_ours(there):
                return  # another process trains this run and tells of it
            _append(file, {**wire.spec_value(spec), "plan": self.plan, **_owner()}, anew=True)
            self.begun.add(spec.id)
        _append(file, wire.event_value(event))

    def kept(self, run: Run | Outcome) -> None:
        """The store has it: what was told of it while it went on is of no use."""
        if run.id in self.begun:
            _forget(_run_file(self.live, run.id))

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:
        """The store has all of it."""

    def close(self) -> None:
        if self.plan is None:
            return
        for file in (self.study, *_files(self.live, "*.jsonl")):
            first = _first(file)
            if first.get("plan") == self.plan and _is_ours(first):
                _forget(file)
        _forget(self.stop)


def request_stop(store: Path, plan: str) -> None:
    """Ask the study with this plan to stop, as Ctrl-C would; an error if it is not being carried out."""
    if plan not in {study.plan for study in studies(store)}:
        raise InputError(f"study {plan} is not running on this machine, so there is nothing to stop")
    stop = _stop_file(store, plan)
    try:
        stop.touch()
    except OSError as error:
        raise AblabError(f"{stop}: ablab could not ask the study to stop: {error.strerror or error}") from None


def is_stop_requested(store: Path, plan: str) -> bool:
    """Whether somebody has asked the study with this plan to stop."""
    return _is_there(_stop_file(store, plan))


def studies(store: Path) -> tuple[LiveStudy, ...]:
    """The studies that processes of this machine are running out, the longest first."""
    live, found = folder_of(store), []
    for file in _files(live, "study-*.json"):
        said = _first(file)
        try:
            plan = str(said["plan"])
            if file.name == f"study-{plan}.json" and _lives(said):
                found.append(
                    LiveStudy(
                        plan=plan,
                        name=str(said["name"]),
                        path=str(said["path"]),
                        least=int(said["least"]),
                        most=int(said["most"]),
                        since=float(said["at"]),
                        pid=int(said["pid"]),
                        is_stopping=is_stop_requested(store, plan),
                    )
                )
        except (KeyError, TypeError, ValueError, OverflowError):
            continue  # not one of ours, or of another version
    return tuple(sorted(found, key=lambda study: (study.since, study.plan)))


def runs(store: Path) -> tuple[LiveRun, ...]:
    """The runs that processes of this machine are training, the longest first."""
    found = [run for file in _files(folder_of(store), "*.jsonl") if (run := _live_run(file))]
    return tuple(sorted(found, key=lambda run: (run.since, run.id)))


def sweep(store: Path) -> None:
    """Remove what processes of this machine left behind that are no more."""
    live = folder_of(store)
    for file in (*_files(live, "study-*.json"), *_files(live, "*.jsonl")):
        said = _first(file)
        if ("pid" in said and said.get("host") == platform.node() and not _lives(said)) or (not said and _is_old(file)):
            _forget(file)
    for stop in _files(live, "stop-*"):
        if not _is_there(live / f"study-{stop.name.removeprefix('stop-')}.json"):
            _forget(stop)


def _live_run(file: Path) -> LiveRun | None:
    """The run in a file; None for a dead process's, and for what is no such file."""
    first, *rest = list(_lines(file)) or [{}]
    try:
        if not _lives(first):
            return None
        spec = wire.spec_of({**first, **first.get("wanted", {})})  # older ones have "wanted" around seed and data
        events = [wire.event_of(line) for line in rest if "event" in line]
        since, plan = float(first["at"]), first["plan"]
    except (KeyError, TypeError, ValueError, OverflowError, RecipeError):
        return None
    if spec.id != file.stem or not math.isfinite(since):
        return None
    rows = {event.row.epoch: event.row for event in events if isinstance(event, EpochDone)}
    return LiveRun(
        spec=spec,
        plan=None if plan is None else str(plan),
        since=since,
        rows=tuple(rows[epoch] for epoch in sorted(rows)),
        notes=tuple(event.text for event in events if isinstance(event, Noticed)),
        started=next((event for event in events if isinstance(event, Started)), None),
        is_measured=any(isinstance(event, Finished) for event in events),
    )


def _append(file: Path, said: Mapping[str, Any], *, anew: bool = False) -> None:
    """One line in one write: a reader sees all of it, or none, or (on a full disk) half a line, which it leaves out."""
    with file.open("wb" if anew else "ab", buffering=0) as opened:
        opened.write(json.dumps(said).encode() + b"\n")


def _lines(file: Path, *, first: bool = False) -> Iterator[dict[str, Any]]:
    """The lines of a file that are JSON objects; of the first line alone, if that is enough."""
    try:
        with file.open("rb") as opened:
            content = opened.readline(LARGEST) if first else opened.read(LARGEST)
    except OSError:
        return
    for line in content.split(b"\n"):
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            yield said


def _first(file: Path) -> dict[str, Any]:
    """What the first line of a file says; nothing if there is none."""
    return next(_lines(file, first=True), {})


def _owner() -> dict[str, Any]:
    """Who writes: a process by its number, start and machine, because numbers are used again."""
    born = psutil.Process().create_time()
    return {"pid": os.getpid(), "born": born, "host": platform.node(), "at": time.time()}


def _lives(said: Mapping[str, Any]) -> bool:
    """Whether the process that wrote this is still there. Of other machines nothing is known: none lives."""
    try:
        pid, born = int(said["pid"]), float(said["born"])
        if said["host"] != platform.node():
            return False
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - born) < SAME_START
        return bool(is_same and process.status() != psutil.STATUS_ZOMBIE)
    except (KeyError, TypeError, ValueError, OverflowError, psutil.Error):
        return False


def _is_ours(said: Mapping[str, Any]) -> bool:
    return said.get("pid") == os.getpid() and _lives(said)


@functools.lru_cache(maxsize=4096)  # many studies are asked about after every event
def _stop_file(store: Path, plan: str) -> Path:
    return folder_of(store) / f"stop-{plan}"


def _run_file(live: Path, run: str) -> Path:
    return live / f"{run}.jsonl"


def _files(live: Path, pattern: str) -> tuple[Path, ...]:
    try:
        return tuple(sorted(live.glob(pattern)))
    except OSError:
        return ()


def _is_old(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime > YOUNG
    except OSError:
        return False


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return False


def _forget(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)

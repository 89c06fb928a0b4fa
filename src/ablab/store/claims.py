"""Claims: which process trains which run or calls which trial, so that several share a store and do nothing twice.

A claim is a row that goes when its run is stored or its owner stops. If the owner runs on this machine, the system
knows whether it is alive. If it runs elsewhere, its heartbeat says so, which the observer times by its own clock.
"""

import contextlib
import functools
import os
import platform
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from ablab.errors import StoreError
from ablab.store.schema import BROKEN, PATIENCE
from ablab.store.store import Store

BEAT = 10.0  # seconds between two heartbeats
STILL = 60.0  # seconds without a heartbeat after which the owner on another machine counts as dead


@dataclass(frozen=True)
class Claim:
    """A run and the process that trains it."""

    run: str
    owner: str
    place: str  # where the number of a process means this process
    pid: int
    birth: str  # numbers of processes are used again; this tells them apart
    beat: int  # grows while the owner is alive

    def __str__(self) -> str:
        return f"process {self.pid} on {self.place.partition(' ')[0]}"


@dataclass
class Claims:
    """The claims of one owner, given up when its `with` statement ends."""

    store: Store
    held: set[str] = field(default_factory=set)
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    def __post_init__(self) -> None:
        self._seen: dict[str, tuple[Claim, float]] = {}
        self._end = threading.Event()
        self._heart: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._heart:
            self._heart.join()
        with contextlib.suppress(StoreError):  # then it ends with this process
            self.release()

    def take(self, ids: Iterable[str], most: int = 1) -> list[str]:
        """Claim at most so many of these runs, the first ones that are not stored and that nobody trains."""
        ids = [id_ for id_ in ids if id_ not in self.held]
        if most < 1 or not self._free(ids, most):
            return []
        with self.store.writing() as connection:
            taken = self._free(ids, most)
            dead = [(claim.run,) for claim in self._rows() if not self._is_alive(claim)]
            connection.executemany("DELETE FROM claims WHERE run = ?", dead)
            rows = [(id_, self.owner, place(), os.getpid(), birth(os.getpid()), 0) for id_ in taken]
            connection.executemany("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)", rows)
        self.held.update(taken)
        if not self._heart:
            self._heart = threading.Thread(target=self._beat, name="claims", daemon=True)
            self._heart.start()
        return taken

    def release(self) -> None:
        """Give up every claim; runs that were not stored are free again."""
        if self.held:
            self.held.clear()
            with self.store.writing() as connection:
                connection.execute("DELETE FROM claims WHERE owner = ?", (self.owner,))

    def of_others(self, ids: Iterable[str]) -> list[Claim]:
        """The claims on these runs whose owners are alive, in the order of the runs."""
        alive = {claim.run: claim for claim in self._rows() if claim.owner != self.owner and self._is_alive(claim)}
        return [alive[id_] for id_ in ids if id_ in alive]

    def _free(self, ids: list[str], most: int) -> list[str]:
        taken = {claim.run for claim in self._rows() if self._is_alive(claim)}
        found: list[str] = []
        stored = "SELECT 1 FROM runs WHERE id = :id UNION ALL SELECT 1 FROM trials WHERE id = :id"
        with self.store.reading() as connection:
            for id_ in ids:
                if len(found) == most:
                    break
                if id_ not in taken and not connection.execute(stored, {"id": id_}).fetchone():
                    found.append(id_)
        return found

    def _rows(self) -> list[Claim]:
        with self.store.reading() as connection:
            return [Claim(*row) for row in connection.execute("SELECT * FROM claims")]

    def _is_alive(self, claim: Claim) -> bool:
        if claim.place == place():
            return birth(claim.pid) == claim.birth
        before, since = self._seen.get(claim.run, (None, 0.0))
        if before != claim:
            self._seen[claim.run] = (claim, time.monotonic())
            return True
        return time.monotonic() - since < STILL

    def _beat(self) -> None:
        """Let the claims beat, through a connection of this thread's own. A beat that fails is left out."""
        while not self._end.wait(BEAT):
            with contextlib.suppress(*BROKEN), contextlib.closing(_connection(self.store.file)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("UPDATE claims SET beat = beat + 1 WHERE owner = ?", (self.owner,))


def _connection(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None)


@functools.cache
def place() -> str:
    """The machine, since when it runs, and, in a container, in which space of process numbers."""
    names = [platform.node().replace(" ", "-")]
    with contextlib.suppress(OSError):
        names.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        names.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(names)


def birth(pid: int) -> str | None:
    """When a process was started; None if it is no more. On Linux in ticks since the start: clocks can be set."""
    try:
        if (stat := Path(f"/proc/{pid}/stat")).exists():
            state, *facts = stat.read_bytes().rpartition(b")")[2].split()
            return None if state == b"Z" else facts[18].decode()
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except (OSError, IndexError, psutil.Error):
        return None

"""The executor for machines that the owner of a study cannot reach: runs are offered and come back as files.

Workers (`ablab work FOLDER`) see the same folder through a shared file system, as on most clusters, or a copy of it
that is brought to them and back. The owner may end and be started again; workers go on meanwhile with what was offered.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

from filelock import FileLock, Timeout

from ablab import wire
from ablab.catalogue import mark
from ablab.errors import AblabError, InputError
from ablab.events import Noticed
from ablab.execute import Job, Wanted
from ablab.execute.drop import Drop
from ablab.pinned import named_path
from ablab.records import Observer, Run, RunSpec
from ablab.train.trained import checked, keep_packed

POLL = 0.5  # seconds between two looks at the folder


@dataclass
class Flight:
    """A run that is offered or taken."""

    spec: RunSpec
    seen: int = 0  # bytes of its events
    touched: float = 0.0  # when its worker last showed that it lives, by the clock of the worker's file system
    since: float = 0.0  # when that was seen here
    is_stopping: bool = False


@mark("executor", "folder", example="folder(runs)")
class Folder:
    """Workers elsewhere (`ablab work`), which take runs from a folder and leave them there; slots: runs at a time."""

    def __init__(
        self,
        job: Job,
        *,
        path: str,
        slots: Annotated[int, "[1, 10000]"] = 4,
        lost: Annotated[float, "[1, 86400]"] = 300.0,
    ) -> None:
        self.job, self.slots, self.lost = job, slots, lost
        self.drop = Drop(named_path(path))
        self.flights: dict[str, Flight] = {}
        self.number = 0

    def __enter__(self) -> Self:
        self.drop.make()
        self.lock = FileLock(self.drop.root / "owner.lock")
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            raise InputError(f"{self.drop.root}: another study is using this folder: choose a different one") from None
        self.drop.open_for(keeps_weights=self.job.weights is not None)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Workers are told to go home if all is done. If the owner was interrupted, they go on with what they have."""
        try:
            if kind is None:
                self._stop_all_but(())
                self.drop.close()
        finally:
            self.lock.release()

    def __call__(self, wanted: Wanted, observe: Observer) -> Iterator[Run]:
        begun: set[str] = set()
        while specs := wanted():
            self._stop_all_but(specs)
            passed_over = begun | set(self.flights)
            for spec in [spec for spec in specs if spec.id not in passed_over][: self.slots - len(self.flights)]:
                begun.add(spec.id)
                self._offer(spec)
            if not self.flights:
                return
            number = len(self.flights)
            yield from self._looked(observe)
            if len(self.flights) == number:
                time.sleep(POLL)
        self._stop_all_but(())

    def _offer(self, spec: RunSpec) -> None:
        """Offer a run, unless a worker has it already, or has finished it, since the owner was here before."""
        self.flights[spec.id] = Flight(spec, since=time.monotonic())
        self.drop.file("stop", spec.id, "").unlink(missing_ok=True)
        is_known = self.drop.result(spec.id) or self.drop.file("taken", spec.id).exists()
        if not is_known and not self.drop.is_offered(spec.id):
            self.number += 1
            self.drop.offer(self.number, spec)

    def _looked(self, observe: Observer) -> Iterator[Run]:
        """Tell what has happened since the last look; runs that are done."""
        for flight in tuple(self.flights.values()):
            id_ = flight.spec.id
            result = self.drop.result(id_)  # before the events: all of them are there if it is
            events, flight.seen = self.drop.events(id_, flight.seen)
            for event in events:
                if not flight.is_stopping:
                    observe(flight.spec, event)
            if result:
                del self.flights[id_]
                if run := self._taken_in(flight, result):
                    yield run
            elif flight.is_stopping and not self.drop.file("taken", id_).exists():
                del self.flights[id_]
            else:
                self._see_to(flight, observe)

    def _taken_in(self, flight: Flight, result: dict[str, Any]) -> Run | None:
        """The run of a finished file, its weights in their place; nothing if it is not wanted any more."""
        spec = flight.spec
        if "error" in result:
            self.drop.forget(spec.id)
            if flight.is_stopping:
                return None
            raise AblabError(f"run {spec.id}: {result['error']}").of(spec.id)
        try:
            run = wire.run_of(result)
        except ValueError as error:
            raise AblabError(f"{self.drop.file('done', spec.id)}: this is not a run: {error}") from None
        if run.id != spec.id:
            raise AblabError(f"{self.drop.file('done', spec.id)}: this is run {run.id}")
        weights = self.drop.file("weights", spec.id, ".safetensors")
        if self.job.weights and weights.exists():
            keep_packed(checked(weights), self.job.weights / weights.name)
        self.drop.forget(spec.id)
        return None if flight.is_stopping else run

    def _see_to(self, flight: Flight, observe: Observer) -> None:
        """Offer a run again whose worker has shown no life for long. Only changes count: clocks may differ."""
        try:
            touched = self.drop.file("taken", flight.spec.id).stat().st_mtime
        except OSError:
            return
        now = time.monotonic()
        if touched != flight.touched:
            flight.touched, flight.since = touched, now
        elif now - flight.since > self.lost:
            flight.since = now
            self.drop.file("taken", flight.spec.id).unlink(missing_ok=True)
            if flight.is_stopping:
                return
            self.drop.offer(0, flight.spec)
            text = f"its worker has not responded for {self.lost:.0f} s; another one continues from its last checkpoint"
            observe(flight.spec, Noticed(text))

    def _stop_all_but(self, specs: Iterable[RunSpec]) -> None:
        useful = {spec.id for spec in specs}
        for id_, flight in tuple(self.flights.items()):
            if id_ in useful or flight.is_stopping:
                continue
            if self.drop.withdraw(id_):
                del self.flights[id_]
            else:
                flight.is_stopping = True
                self.drop.file("stop", id_, "").touch()

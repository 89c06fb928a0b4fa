"""The executor for small networks: processes side by side, each with its share of the cores.

A network of a few layers cannot keep two threads busy: what one waits for the other is lost. Two processes with one
thread each carry out two runs in little more than the time of one (for simple-nn, 1.6 times the images a second).
Each run is what `Here` makes of it with the same number of threads, to the last bit.

A worker is given run specs as lines of JSON and answers with events, ending in the run, an error, or that it stopped.
Told to stop, it does so at its next event. If its run ends meanwhile, it passes over what it was told.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import FrameType, ModuleType
from typing import Annotated, Any, NoReturn, Self

import psutil
import torch

from ablab import wire
from ablab.catalogue import mark
from ablab.errors import AblabError, Terminated
from ablab.execute import Job, Wanted
from ablab.execute.checkpoints import resumed
from ablab.records import Observer, Run, RunSpec
from ablab.train.device import usual_threads

MEMORY = 2 << 30  # bytes that a worker may want: torch and data are 0.6 GB, a batch of resnet18 another
SHARING = 4  # processes on a GPU: while one asks for its next kernels, the others' run
# Bytes of a GPU for each: 166 million parameters take 3 GB at a batch of 128, recorded twice that.
GPU_MEMORY = 16 << 30
ENDING = 10.0  # seconds that workers have to keep what they did when they are told to stop
STOP = b"{}"


@dataclass
class Flight:
    """A run on its way."""

    spec: RunSpec
    is_stopping: bool = False


@mark("executor", "workers")
class Workers:
    """Several processes side by side, each with its share of the cores; without a number, as many as suit."""

    def __init__(self, job: Job, *, number: Annotated[int, "[1, 256]"] | None = None) -> None:
        self.job = job
        self.slots = number or suitable_workers(job.runs)
        self.idle: list[Connection] = []
        self.processes: dict[Connection, Any] = {}
        self.flights: dict[Connection, Flight] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """No process is left behind; those at work may keep their last epoch first."""
        for process in self.processes.values():
            process.terminate()
        for connection, process in self.processes.items():
            connection.close()
            process.join(ENDING)
            if process.is_alive():
                process.kill()
                process.join()

    def __call__(self, wanted: Wanted, observe: Observer) -> Iterator[Run]:
        begun: set[str] = set()
        while specs := wanted():
            self.stop_all_but(specs)
            passed_over = begun | {flight.spec.id for flight in self.flights.values()}
            waiting = [spec for spec in specs if spec.id not in passed_over]
            for spec in waiting[: self.slots - len(self.flights)]:
                begun.add(spec.id)
                self.send(spec)
            if not self.flights:
                return
            number = len(self.flights)
            while len(self.flights) == number:
                yield from self.heard(wait(list(self.flights)), wanted, observe)
        self.stop_all_but(())

    def heard(self, ready: Collection[Any], wanted: Wanted, observe: Observer) -> Iterator[Run]:
        """Tell the events of workers that have said something; the runs of flights that are over."""
        for connection in [one for one in self.flights if one in ready]:
            flight = self.flights[connection]
            answer = self._answer(connection, flight)
            if answer.get("event") in wire.KINDS:
                if not flight.is_stopping:
                    observe(flight.spec, wire.event_of(answer))
                    self.stop_all_but(wanted())
                continue
            del self.flights[connection]
            self.idle.append(connection)
            if answer.get("event") == "run":
                yield wire.run_of(answer)
            elif "error" in answer and not flight.is_stopping:
                raise AblabError(answer["error"]).of(flight.spec.id)

    def send(self, spec: RunSpec) -> None:
        connection = self.idle.pop() if self.idle else self._start()
        self.flights[connection] = Flight(spec)
        connection.send_bytes(json.dumps(wire.spec_value(spec)).encode())

    def stop_all_but(self, specs: Iterable[Any]) -> None:
        """Stop every flight but those of these specs."""
        useful = {spec.id for spec in specs}
        for connection, flight in self.flights.items():
            if flight.spec.id not in useful and not flight.is_stopping:
                flight.is_stopping = True
                connection.send_bytes(STOP)

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")  # a copy of a process with threads may hang
        ours, theirs = context.Pipe()
        threads = max(1, usual_threads() // self.slots)
        process = context.Process(target=_work, args=(theirs, self.job, threads), daemon=True)
        with _without_script(), _holding_back_ctrl_c():
            process.start()
        theirs.close()
        self.processes[ours] = process
        return ours

    def _answer(self, connection: Connection, flight: Flight) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(connection.recv_bytes())
        except (EOFError, ConnectionError):
            process = self.processes.pop(connection)
            del self.flights[connection]
            connection.close()
            process.join(ENDING)
            raise AblabError(
                f"the process of run {flight.spec.id} ended with code {process.exitcode}, perhaps because memory "
                "ran out; finished work is kept. Run the same command again to continue; --workers 1 uses less memory"
            ).of(flight.spec.id) from None
        return answer


@contextlib.contextmanager
def _without_script() -> Iterator[None]:
    """Start processes as if no script were running: each would import the user's and carry it out once more."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _holding_back_ctrl_c() -> Iterator[None]:
    """Start processes that get a Ctrl-C only once they can answer: one that was importing torch would complain."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def suitable_workers(runs: int) -> int:
    """How many processes are worth having: one a core, or a few on a GPU, where runs and memory allow."""
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory
        return max(1, min(SHARING, runs, usual_threads(), card // GPU_MEMORY))
    room = int(psutil.virtual_memory().available) // MEMORY
    return max(1, min(usual_threads(), runs, room))


def _work(connection: Connection, job: Job, threads: int) -> None:
    """The life of a worker: run specs come in, events and runs go out, until nobody is there any more."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_without_parent, daemon=True).start()
    torch.set_num_threads(threads)  # before anyone asks what is usual
    usual_threads.cache_clear()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            asked = connection.recv_bytes()
            if asked != STOP:  # else it was for the run before, which had ended already
                _carry_out(connection, job, wire.spec_of(json.loads(asked)))


def _carry_out(connection: Connection, job: Job, spec: RunSpec) -> None:
    try:
        with closing(resumed(spec, job.load(spec.recipe), job.checkpoints, job.weights)) as items:
            for item in items:
                connection.send_bytes(wire.line(item))
                if not isinstance(item, Run) and connection.poll():
                    connection.recv_bytes()  # STOP: nothing else is said to a worker that is busy
                    break
            else:
                return
    except AblabError as error:
        connection.send_bytes(json.dumps({"error": str(error)}).encode())
    else:
        connection.send_bytes(json.dumps({"stopped": True}).encode())


def _end_without_parent() -> None:
    """Stop this worker when the process that started it is gone, however that ended.

    The worker itself would find out at its next event, and an epoch of a large network takes minutes.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Ctrl-C reaches us and our parent, who then tells us too. Python would complain of a second signal that is ignored
    # by the time it looks at it, so there is a handler that does nothing.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: None)
    raise Terminated(143)

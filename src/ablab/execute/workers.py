"""The executor for small networks: processes side by side, each with its share of the cores.

A network of a few layers cannot keep two threads busy: what one waits for the other is lost. Two processes with one
thread each carry out two runs in little more than the time of one (for simple-nn, 1.6 times the images a second).
Each run is what `Here` makes of it with the same number of threads, to the last bit.
"""

import contextlib
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

import psutil
import torch

from ablab import wire
from ablab.data.dataset import Dataset
from ablab.errors import AblabError
from ablab.events import Event
from ablab.execute.run_one import run_one
from ablab.recipe import Recipe
from ablab.records import Observer, Run, RunSpec
from ablab.train.device import usual_threads

MEMORY = 2 << 30  # bytes that a worker may want: torch and data are 0.6 GB, a batch of resnet18 another
ENDING = 10.0  # seconds that workers have to keep what they did when they are told to stop


class Workers:
    """Carries out so many runs at a time; `load` goes to the processes, so it is a value and no closure.

    Used in a `with` statement: the processes wait for more runs until it ends.
    """

    def __init__(self, load: Callable[[Recipe], Dataset], checkpoints: Path, number: int) -> None:
        self.load, self.checkpoints, self.number = load, checkpoints, number
        self.idle: list[Connection] = []
        self.processes: dict[Connection, Any] = {}

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """No process is left behind; those at work may keep their last epoch first."""
        for process in self.processes.values():
            process.terminate()
        for connection, process in self.processes.items():
            connection.close()
            process.join(ENDING)
            if process.is_alive():
                process.kill()
                process.join()

    def __call__(self, wanted: Iterable[RunSpec], show: Observer) -> Iterator[Run]:
        waiting = list(wanted)[::-1]
        busy: dict[Connection, RunSpec] = {}
        while waiting or busy:
            while waiting and len(busy) < self.number:
                connection = self.idle.pop() if self.idle else self._start()
                busy[connection] = waiting.pop()
                connection.send_bytes(json.dumps(wire.spec_value(busy[connection])).encode())
            ready = set(wait(list(busy)))
            for connection in [one for one in busy if one in ready]:
                one = busy[connection]
                item = self._answer(connection, one)
                if isinstance(item, Run):
                    del busy[connection]
                    self.idle.append(connection)
                    yield item
                else:
                    show(one, item)

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")  # a copy of a process with threads may hang
        ours, theirs = context.Pipe()
        threads = max(1, usual_threads() // self.number)
        process = context.Process(target=_work, args=(theirs, self.load, self.checkpoints, threads), daemon=True)
        process.start()
        theirs.close()
        self.processes[ours] = process
        return ours

    def _answer(self, connection: Connection, one: RunSpec) -> Event | Run:
        try:
            answer = json.loads(connection.recv_bytes())
        except (EOFError, ConnectionError):
            process = self.processes[connection]
            process.join(ENDING)
            raise AblabError(
                f"the process of run {one.id} ended with code {process.exitcode}, perhaps for want of memory; what was "
                "finished is kept: the same command goes on, and --workers 1 takes less memory"
            ) from None
        if "error" in answer:
            raise AblabError(answer["error"])
        return wire.item_of(answer)


def suitable_workers(runs: int) -> int:
    """How many processes are worth having: one a core, where runs, memory and the lack of a GPU allow."""
    if torch.cuda.is_available():
        return 1
    room = int(psutil.virtual_memory().available) // MEMORY
    return max(1, min(usual_threads(), runs, room))


def _work(connection: Connection, load: Callable[[Recipe], Dataset], checkpoints: Path, threads: int) -> None:
    """The life of a worker: runs come in as JSON, events and runs go out, until nobody is there any more."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    torch.set_num_threads(threads)  # before anyone asks what is usual
    usual_threads.cache_clear()

    def tell(_: RunSpec, event: Any) -> None:
        connection.send_bytes(wire.line(event))

    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            wanted = wire.spec_of(json.loads(connection.recv_bytes()))
            try:
                answer = wire.line(run_one(wanted, load(wanted.recipe), tell, checkpoints))
            except AblabError as error:
                answer = json.dumps({"error": str(error)}).encode()
            connection.send_bytes(answer)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    for one in (signal.SIGTERM, signal.SIGINT):  # Ctrl-C reaches us and whoever started us, who then tells us too
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(143)

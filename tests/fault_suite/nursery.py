"""A process that has ablab and torch in memory and makes a child for every command: a trial takes a second, not five.

Every finished epoch is written as a checkpoint there, so that each kill finds one to go on from.
"""

import contextlib
import functools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from fault_suite.child import LIMIT, Ended, surroundings

MODULES = (
    *("conduct", "execute.checkpoints", "execute.workers", "report.terminal.live", "report.page", "train.check"),
    *("store.store", "store.care", "store.exchange", "cli.train", "cli.run", "cli.runs"),
)
Gate = tuple[tuple[int, int], tuple[int, int]]  # two pipes: that a child is ready, and that it may go on
ORPHANS = 15.0  # seconds after its end in which no worker may be left: one that still imports torch takes that long


@dataclass(frozen=True)
class Signal:
    """A signal to a child, so many seconds after its start, or after a file that matches a pattern is there."""

    number: int
    after: float
    seen: str = ""  # a pattern below the child's folder
    to_worker: bool = False  # to one of the processes that the child has started


class Nursery:
    """Commands of ablab as children of one warm process, one at a time. The process starts with the first of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @functools.cached_property
    def process(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "fault_suite.nursery"],
            env=surroundings(self.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "process" in self.__dict__:
            self.process.kill()
            self.process.communicate()

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        *signals: Signal,
        seconds: float = LIMIT,
        limits: Mapping[str, int] | None = None,
        env: Mapping[str, str] | None = None,
        program: str = "",
        trace: Sequence[str] = (),
    ) -> Ended:
        """Run `ablab` with these words in a folder, or a program that reads them from sys.argv.

        `limits` are those of `resource`; AS counts from what the process has at its start. `trace` are options of
        strace, which follows a program from where it calls `begin()`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        asked = {
            "words": list(words),
            "folder": str(folder),
            "signals": [asdict(one) for one in signals],
            "seconds": seconds,
            "limits": dict(limits or {}),
            "env": dict(env or {}),
            "program": program,
            "trace": list(trace),
        }
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code, took, left = json.loads(self.process.stdout.readline())
        out, err = ((folder / name).read_text(errors="backslashreplace") for name in ("out.txt", "err.txt"))
        return Ended(code, out, err, took, left)


def serve() -> None:
    """Read commands from standard input, carry each out in a child, and answer with its exit code and seconds."""
    import importlib

    for name in MODULES:
        importlib.import_module(f"ablab.{name}")
    from ablab.execute import checkpoints

    checkpoints.PAUSE, checkpoints.PACKING = 0.0, float("inf")
    for line in sys.stdin:
        asked = json.loads(line)
        begun = time.monotonic()
        gate = (os.pipe(), os.pipe()) if asked["trace"] else None
        child = _forked()
        if not child:
            _become(asked, gate)
            return
        tracer = _trace(child, asked["trace"], gate) if gate else None
        code = _watch(child, asked, begun)
        if tracer:
            tracer.communicate()
        took, left = time.monotonic() - begun, _left(child)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        print(json.dumps([code, took, left]), flush=True)


def _forked() -> int:
    """A child, also where the machine has no room for one for a moment."""
    for wait in (0.1, 0.5, 2.0, 5.0):
        with contextlib.suppress(BlockingIOError):
            return os.fork()
        time.sleep(wait)
    return os.fork()


def _trace(child: int, options: list[str], gate: Gate) -> subprocess.Popen[str]:
    """Attach strace to the child as soon as it calls `begin()`, and then let it go on."""
    (ready, ready_end), (going, go) = gate
    os.close(ready_end)
    os.close(going)
    os.read(ready, 1)
    tracer = subprocess.Popen(["strace", "-f", "-p", str(child), *options], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr
    tracer.stderr.readline()  # that it is attached
    os.close(go)
    os.close(ready)
    return tracer


def _become(asked: dict[str, Any], gate: Gate | None) -> None:
    """Be the child: with its own group, folder, environment and limits, run what was asked for."""
    from ablab.cli import main

    os.setpgid(0, 0)
    os.chdir(asked["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    own = {"ABLAB_STORE": f"{asked['folder']}/store", "ABLAB_CACHE": f"{asked['folder']}/cache"}
    os.environ |= own | asked["env"]
    for name, most in asked["limits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if name == "AS" else 0
        resource.setrlimit(kind, (most + used, most + used))
    sys.argv = ["ablab", *asked["words"]]
    if not asked["program"]:
        main()
    exec(compile(asked["program"], "trial", "exec"), {"__name__": "__main__", "begin": functools.partial(_begin, gate)})
    sys.stdout.flush()
    os._exit(0)  # taking Python and torch apart takes longer than the trial


def _begin(gate: Gate | None) -> None:
    """Wait for strace, if there is one."""
    if gate:
        (ready, ready_end), (going, go) = gate
        os.close(ready)
        os.close(go)
        os.close(ready_end)
        os.read(going, 1)
        os.close(going)


def _watch(child: int, asked: dict[str, Any], begun: float) -> int | None:
    """Send the signals when they are due, and end what hangs; the exit code."""
    pending = list(asked["signals"])
    while time.monotonic() - begun < asked["seconds"]:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if pending and _is_due(pending[0], asked["folder"], begun) and _send(pending[0], child):
            pending.pop(0)
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _send(one: dict[str, Any], child: int) -> bool:
    """Send a signal to the child or to a worker of its; False where there is no worker yet."""
    workers = [process.pid for process in psutil.Process(child).children()] if one["to_worker"] else [child]
    for pid in workers[-1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, one["number"])
    return bool(workers)


def _left(group: int) -> int:
    """Processes of the child's group that are still there some seconds after its end."""
    end = time.monotonic() + ORPHANS
    while _is_there(group):
        left = [one for one in psutil.process_iter() if _group(one) == group]
        if not left or time.monotonic() > end:
            return len(left)
        time.sleep(0.05)
    return 0


def _is_there(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def _group(process: psutil.Process) -> int | None:
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getpgid(process.pid)
    return None


def _is_due(one: dict[str, Any], folder: str, begun: float) -> bool:
    now = time.monotonic()
    if one["seen"]:
        if next(Path(folder).glob(one["seen"]), None) is None:
            return False
        one["seen"] = ""
        one["after"] += now - begun
    return now - begun >= float(one["after"])


if __name__ == "__main__":
    serve()

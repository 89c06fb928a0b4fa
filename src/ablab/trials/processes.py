"""Processes: the calls of a command, several at a time, each in a process group of its own.

What a program prints is read as it comes, and its end is kept: a program that prints gigabytes fills neither memory nor
disk. `guard.py` stands between, so that a command ends when this process does, in whatever way.
"""

import contextlib
import datetime
import os
import platform
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ablab.trial import Outcome, Status, Trial, Wanted
from ablab.trials.command import Command
from ablab.trials.figures import absence, figures_in
from ablab.trials.guard import GRACE
from ablab.trials.question import Measure

READ = 1 << 20  # bytes of the end of an output in which the result is looked for
KEPT = 1 << 14  # characters of it that stay with the outcome
CHUNK = 1 << 16
TICK, SOON = 0.2, 0.01  # seconds between looks at processes that say nothing, and at those that have closed their ends


@dataclass
class Tail:
    """The end of what comes through a pipe."""

    pipe: int
    content: bytearray = field(default_factory=bytearray)
    is_open: bool = True

    def read(self) -> None:
        """Take what is there; what is older than the end that counts is dropped."""
        try:
            chunk = os.read(self.pipe, CHUNK)
        except BlockingIOError:
            return
        self.is_open = bool(chunk)
        self.content += chunk
        if len(self.content) > 2 * READ:
            del self.content[:-READ]

    @property
    def text(self) -> str:
        return self.content[-READ:].decode("utf-8", "replace")


@dataclass
class Call:
    """A trial on its way."""

    trial: Trial
    process: "subprocess.Popen[bytes]"
    tails: tuple[Tail, Tail]  # of its output and of its errors
    started: float
    folder: Path
    result: Path | None  # the file that its result is read from
    before: tuple[int, int, int] | None  # the state of that file when it started
    is_late: bool = False  # it was told to end, because its time was over
    is_unwanted: bool = False  # the same, because nobody wants its outcome any more

    def stop(self) -> None:
        """Tell the guard to end the command: it hears that this end is closed."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()


Find = Callable[[Trial], tuple[Command, Sequence[Measure]]]  # the command of a trial, and the figures that it may give


class Processes:
    """Calls of commands side by side."""

    def __init__(self, find: Find, folder: Path, slots: int) -> None:
        self.find = find
        self.folder = folder  # below it every call may have one of its own
        self.slots = slots
        self.calls: list[Call] = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """No process is left behind."""
        for call in self.calls:
            call.stop()
        end = time.monotonic() + GRACE + 1
        for call in self.calls:
            try:
                call.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                call.process.kill()
                call.process.wait()
            self._close(call)
        self.calls.clear()
        self.selector.close()
        with contextlib.suppress(OSError):  # it is not there, or another study has calls in it
            self.folder.rmdir()

    def __call__(self, wanted: Wanted, observe: object = None) -> Iterator[Outcome]:  # noqa: ARG002 (a call says nothing on its way)
        """Outcomes as they come, until nothing is wanted. It asks anew after each, and stops what is not wanted."""
        begun: set[str] = set()
        while trials := wanted():
            self.stop_all_but(trials)
            for trial in [one for one in trials if one.id not in begun][: self.slots - len(self.calls)]:
                begun.add(trial.id)
                self.start(trial)
            if not self.calls:
                return
            many = len(self.calls)
            while len(self.calls) == many:
                yield from self.ended(self.pause)
        self.stop_all_but(())

    def start(self, trial: Trial) -> None:
        """Start the call of a trial."""
        command, _ = self.find(trial)
        folder = self.folder / trial.id
        shutil.rmtree(folder, ignore_errors=True)  # an earlier attempt may have been killed
        if command.has_folder:
            folder.mkdir(parents=True)
        words = command.words(trial.arguments, trial.seed, folder.absolute())
        result = command.result_file(trial.arguments, trial.seed, folder.absolute())
        guard = str(Path(__file__).with_name("guard.py"))
        process = subprocess.Popen(  # noqa: S603 (the user's own command, and no shell)
            [sys.executable, "-I", "-S", guard, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the others in order
        )
        assert process.stdout is not None
        assert process.stderr is not None
        tails = (Tail(process.stdout.fileno()), Tail(process.stderr.fileno()))
        for tail in tails:
            os.set_blocking(tail.pipe, False)
            self.selector.register(tail.pipe, selectors.EVENT_READ, tail)
        self.calls.append(Call(trial, process, tails, time.monotonic(), folder, result, _state(result)))

    def stop_all_but(self, trials: Iterable[Trial]) -> None:
        useful = {trial.id for trial in trials}
        for call in self.calls:
            if call.trial.id not in useful:
                call.is_unwanted = True
                call.stop()

    @property
    def pipes(self) -> list[int]:
        """Where calls may say something."""
        return [tail.pipe for call in self.calls for tail in call.tails if tail.is_open]

    @property
    def pause(self) -> float:
        """Seconds until the next look, where nothing comes before."""
        is_ending = any(not tail.is_open for call in self.calls for tail in call.tails)
        return SOON if is_ending else TICK

    def ended(self, pause: float) -> list[Outcome]:
        """Read what comes, for so many seconds at most; the outcomes of the calls that are over."""
        for key, _ in self.selector.select(pause):
            key.data.read()
            if not key.data.is_open:
                self.selector.unregister(key.fd)
        for call in self.calls:
            limit = self.find(call.trial)[0].seconds
            if limit is not None and not call.is_late and time.monotonic() - call.started > limit:
                call.is_late = True
                call.stop()
        over = [call for call in self.calls if call.process.poll() is not None]
        self.calls = [call for call in self.calls if call not in over]
        outcomes = [self._outcome(call) for call in over if not call.is_unwanted]
        for call in over:
            self._close(call)
        return outcomes

    def _outcome(self, call: Call) -> Outcome:
        seconds, trial = time.monotonic() - call.started, call.trial
        for tail in call.tails:
            _drain(tail)
        output, errors = (tail.text for tail in call.tails)
        figures, note = self._figures(call, output)
        code = call.process.returncode
        status: Status = "finished"
        if call.is_late:
            status, note = "timed out", f"stopped after {self.find(trial)[0].limit}, its time limit"
        elif code:
            status, note = "failed", _ending(code)
        elif note:
            status = "no figure"
        return Outcome(
            trial=trial,
            status=status,
            seconds=round(seconds, 3),
            figures=figures if status == "finished" else {},
            note=note,
            output=output[-KEPT:],
            errors=errors[-KEPT:],
            machine=platform.node(),
            time=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        )

    def _figures(self, call: Call, output: str) -> tuple[dict[str, float], str]:
        """The numbers of a result, and why the one that decides is not among them."""
        path, (command, measures) = call.result, self.find(call.trial)
        if path:
            if _state(path) == call.before:
                return {}, f"it did not write its result file {path.name}"
            try:
                output = _end_of(path)
            except OSError as error:
                return {}, f"its result file {path.name} cannot be read ({error.strerror})"
        figures = figures_in(output, command.pattern)
        if any(measure.of(figures) is not None for measure in measures):
            return figures, ""
        name, has_pattern = measures[0].name, bool(command.pattern)
        return figures, absence(figures, name, is_file=path is not None, has_pattern=has_pattern)

    def _close(self, call: Call) -> None:
        """Give back what a call has held; its folder goes."""
        for tail in call.tails:
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(tail.pipe)
        for stream in (call.process.stdin, call.process.stdout, call.process.stderr):
            if stream:
                stream.close()
        shutil.rmtree(call.folder, ignore_errors=True)


def _drain(tail: Tail) -> None:
    """What is left in a pipe whose program is over. A process that it left behind may hold the other end open."""
    for _ in range(READ // CHUNK):
        if tail.is_open:
            tail.read()


def _state(path: Path | None) -> tuple[int, int, int] | None:
    """What changes where a file is written; the result of an earlier call must not be taken for that of this one."""
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - READ))
        return file.read(READ).decode("utf-8", "replace")


def _ending(code: int) -> str:
    """An exit code in words.

    >>> _ending(3), _ending(137)
    ('exit code 3', 'ended by signal SIGKILL, perhaps because memory ran out')
    """
    number = -code if code < 0 else code - 128
    if number in {one.value for one in signal.Signals}:
        name = signal.Signals(number).name
        return f"ended by signal {name}{', perhaps because memory ran out' if name == 'SIGKILL' else ''}"
    return f"exit code {code}"

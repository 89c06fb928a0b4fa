"""Signals: Ctrl-C and SIGTERM end the command line once nothing breaks by it, and arrive whatever drops them."""

import os
import signal
import sys
import weakref
from collections.abc import Iterator
from types import FrameType

from ablab.cli.messages import is_torchrun, say_how_to_go_on
from ablab.errors import Terminated

INTERRUPTED, TERMINATED = 130, 143  # the exit codes after Ctrl-C and SIGTERM
RECEIVED: set[int] = set()  # signals that end the process, even where an import has made another error of them
SOON = 0.01  # seconds
HAS_TIMERS = hasattr(signal, "setitimer")  # Windows has none


class Interrupted(KeyboardInterrupt):
    """A Ctrl-C, of a class of our own so that one can see whether it arrives."""


_on_its_way: list[weakref.ref[BaseException]] = []


def listen() -> None:
    """From now on, a signal ends the process by an error that `main` sees."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _unraisable


def arrive() -> None:
    """Take the error of a signal, if there is one, for seen: it need not be raised again."""
    _on_its_way.clear()


def _terminated(_signal: int, frame: FrameType | None) -> None:
    RECEIVED.add(signal.SIGTERM)
    _raise(Terminated, frame)


def _interrupted(_signal: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once, whatever it is doing
    _raise(Interrupted, frame)


def _raise(kind: type[BaseException], frame: FrameType | None) -> None:
    """Raise what ends the process as soon as no import is under way, and again if it is gone before `main` saw it.

    Libraries whose import is broken off in the middle may abort the process. And what is raised while Python is in a
    finalizer, or in code that a library calls from C, is dropped: the process would go on as if nobody had asked.
    """
    frames = list(_outward(frame))
    if HAS_TIMERS and any(one.f_code.co_filename == "<frozen importlib._bootstrap>" for one in frames):
        if any(map(_imports_torch, frames)) and not is_torchrun():
            os._exit(say_how_to_go_on(TERMINATED if kind is Terminated else INTERRUPTED))
        _raise_soon(kind)
        return
    del frames
    error = kind(TERMINATED)
    _on_its_way[:] = [weakref.ref(error, lambda _: _raise_soon(kind))]
    try:
        raise error
    finally:
        del error  # this frame is part of the error's traceback, and would keep it alive


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _imports_torch(frame: FrameType) -> bool:
    """Whether it is the body of torch, which takes seconds; before that there is nothing that could be lost."""
    return frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "torch"


def _raise_soon(kind: type[BaseException]) -> None:
    if HAS_TIMERS:
        signal.signal(signal.SIGALRM, lambda _signal, frame: _raise(kind, frame))
        signal.setitimer(signal.ITIMER_REAL, SOON)


def _unraisable(dropped: "sys.UnraisableHookArgs") -> None:
    if not isinstance(dropped.exc_value, Interrupted | Terminated):
        sys.__unraisablehook__(dropped)

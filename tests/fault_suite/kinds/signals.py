"""Signals: Ctrl-C once and twice and SIGTERM at many instants, half of them while Python still starts.

The process ends soon, with the exit code of its signal and without a traceback, and the store is whole.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ablab.errors import AblabError
from ablab.store import Store
from ablab.store.care import damages
from fault_suite.child import Ended, judged, surroundings
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.nursery import Nursery

WORDS = ["train", "simple-nn", "data=phantom(train=2000, test=60)", "epochs=2000", "threads=1"]
STARTING = 0.35  # seconds in which modules are imported
MOST_SECONDS = 20.0  # a hang; what a process on an idle machine takes is below 3 s
CODES = {signal.SIGINT: (130, -signal.SIGINT), signal.SIGTERM: (143, -signal.SIGTERM)}


def instants(_nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """One signal, or two at once, at a random instant of a training; a new one goes on from what was kept."""
    draw = random.Random(13)
    for at in range(number):
        kind = (signal.SIGINT, signal.SIGTERM)[at % 2]
        times = 1 + (at % 5 == 4)
        after = draw.uniform(0, STARTING) if at % 4 < 2 else draw.uniform(STARTING, 12.0)
        what = f"trial {at}, {times} times {kind.name} after {after:.3f} s"
        trial = judged(signalled(folder, kind, times, after), what, CODES[kind])
        yield trial if trial is not HELD else whole(folder / "store", what)


def signalled(folder: Path, kind: signal.Signals, times: int, after: float) -> Ended:
    words = [sys.executable, "-m", "ablab", *WORDS]
    process = subprocess.Popen(
        words, cwd=folder, env=surroundings(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a program in the background ignores it
    )  # fmt: skip
    time.sleep(after)
    begun = time.monotonic()
    for _ in range(times):
        process.send_signal(kind)
    try:
        out, err = process.communicate(timeout=MOST_SECONDS)
        return Ended(process.returncode, out, err, time.monotonic() - begun)
    except subprocess.TimeoutExpired:
        process.kill()
        return Ended(None, *process.communicate())


def whole(folder: Path, what: str) -> Trial:
    """Whether the store, if there is one yet, is as it was written."""
    if not (folder / "store.sqlite").exists():
        return HELD
    try:
        store = Store(folder)
        found = [damage.what for damage in damages(store)]
        store.connection.close()
    except AblabError as error:
        return Trial("lost", f"{what}: {error}")
    return Trial("silent", f"{what}: {found[:2]}") if found else HELD


FAULTS = (Fault("Ctrl-C and SIGTERM at random instants", 3, 100, instants, is_long=True),)

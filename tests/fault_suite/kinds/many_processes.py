"""Many processes: eight that write into one store in both of SQLite's journal modes, and two that run one study."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ablab.store import Store
from ablab.store.care import damages
from fault_suite.child import Ended, judged, surroundings
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.kinds.kills import STUDY, WRITER
from fault_suite.nursery import Nursery

WRITERS = 8
LOGGED = "from ablab.store import opening\nopening.SAFE_WAL = (0, 0, 0)\n"  # what a newer SQLite is trusted with


def writers(_nursery: Nursery, folder: Path, number: int, mode: str) -> Iterator[Trial]:
    """So many runs from each writer; every other run is written by two of them. A trial is a run that was written."""
    program = (LOGGED if mode == "WAL" else "") + WRITER
    firsts = [place * number // 2 for place in range(WRITERS)]
    words = [[sys.executable, "-c", program, str(folder / "store"), str(one), str(one + number)] for one in firsts]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(one, env=surroundings(folder), **pipes) for one in words]  # type: ignore[call-overload]
    for process, first in zip(processes, firsts, strict=True):
        out, err = process.communicate(timeout=900)
        trial = judged(Ended(process.returncode, out, err), f"the writer from {first}", [0])
        yield trial if len(out.split()) == number or trial is not HELD else Trial("lost", f"{len(out.split())} runs")
    store = Store(folder / "store")
    try:
        if store.connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != mode and mode == "DELETE":
            yield Trial("silent", "another journal mode")
        runs = {run.spec.seed: run for run in store.runs()}
        for seed in range(firsts[-1] + number):
            kept = runs.get(seed)
            right = kept is not None and kept.predictions == seed.to_bytes(4, "little") * 50
            yield HELD if right else Trial("lost" if kept is None else "silent", f"run of seed {seed}")
        found = [damage.what for damage in damages(store)]
        double = len(store.ids()) - len(runs)
        yield Trial("silent", f"{found[:2]}, {double} double") if found or double else HELD
    finally:
        store.connection.close()


def one_study(_nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Two processes that run one study at once: every run is trained by one of them, and both say the same."""
    (folder / "study.toml").write_text(STUDY)
    for at in range(number):
        here = folder / str(at)
        here.mkdir()
        processes = []
        for which in ("one", "other"):
            words = ["run", "../study.toml", "--workers", "1", "--json", "--track", f"jsonl({which}.jsonl)"]
            command = [sys.executable, "-m", "ablab", *words]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            processes.append(subprocess.Popen(command, cwd=here, env=surroundings(here), **pipes))  # type: ignore[call-overload]
        ended = [
            Ended(process.returncode, *said) for process in processes for said in [process.communicate(timeout=600)]
        ]
        good = [
            judged(Ended(process.returncode, one.out, one.err), f"trial {at}", [0])
            for process, one in zip(processes, ended, strict=True)
        ]
        if any(trial is not HELD for trial in good):
            yield next(trial for trial in good if trial is not HELD)
            continue
        trained = [
            event["run"]
            for path in here.glob("*.jsonl")
            for event in map(json.loads, path.read_text(encoding="utf-8").splitlines())
            if event.get("event") == "started"
        ]
        twice = len(trained) - len(set(trained))
        yield (
            Trial("silent", f"trial {at}: {twice} of {len(trained)} runs trained twice")
            if twice or not trained
            else HELD
        )


FAULTS = (
    *(
        Fault(f"8 processes that write into one store, journal {mode}", 5, 200, partial(writers, mode=mode))
        for mode in ("DELETE", "WAL")
    ),
    Fault("two processes that run one study", 1, 20, one_study, is_long=True),
)

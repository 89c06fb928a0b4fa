"""Kills: trainings, checkpoint writes, store writes and studies that end by SIGKILL and are started again."""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ablab.store import Store
from ablab.store.care import damages
from fault_suite.child import Ended, judged, surroundings
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.nursery import Nursery, Signal

TRAIN = ["train", "simple-nn", "data=phantom(train=400, test=60)", "epochs=6", "batch=50", "norm=batch", "threads=1"]
TRAIN += ["augment=crop(2) + flip", "average=ema(decay=0.9)", "--seed", "3", "--json"]
STUDY = """
question = "Does batch norm help?"
data = "phantom(train=200, test=60)"
model = "simple-nn"
epochs = 2
threads = 1
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = "3..4"
"""


def outcome(ended: Ended, store: Path) -> dict[str, Any]:
    """What a training came to: its figures, its curve without the seconds, its weights."""
    last = json.loads(ended.out.splitlines()[-1])
    curve = [{key: value for key, value in row.items() if key != "seconds"} for row in last["curve"]]
    weights = sorted(path.read_text()[:64] for path in (store / "weights").glob("*.sha256"))
    left = sorted(path.name for path in (store / "checkpoints").glob("[0-9a-f]*"))
    facts = {key: last[key] for key in ("id", "test", "selected_epoch")}
    return {**facts, "curve": curve, "weights": weights, "left": left}


def trainings(nursery: Nursery, folder: Path, number: int, *, seen: str = "") -> Iterator[Trial]:
    """Kill a training once to three times, start it again each time, and compare it with one that nobody killed."""
    draw = random.Random(7)
    ended = nursery.run(TRAIN, folder / "whole")
    whole = outcome(ended, folder / "whole" / "store")
    for at in range(number):
        here = folder / str(at)
        hits = 0
        for _ in range(draw.randint(1, 3)):
            after = draw.uniform(0, 0.005) if seen else draw.uniform(0, 1.1 * ended.seconds)
            hits += nursery.run(TRAIN, here, Signal(signal.SIGKILL, after, seen)).code == -signal.SIGKILL
        yield compared(nursery.run(TRAIN, here), here, whole, f"trial {at}, {hits} kills")


def compared(ended: Ended, here: Path, whole: dict[str, Any], what: str) -> Trial:
    """Whether a training that was killed and started again is as the one that was not."""
    if (trial := judged(ended, what, [0])) is not HELD:
        return trial
    found = outcome(ended, here / "store")
    differing = [key for key in whole if found[key] != whole[key]]
    return Trial("silent", f"{what}: other {differing}") if differing else HELD


WRITER = """
import sys
from sample_runs import sample_run
from ablab.store import Store
store = Store(sys.argv[1])
for seed in range(int(sys.argv[2]), int(sys.argv[3])):
    run = sample_run(seed, 0.2 + seed / 100_000, predictions=seed.to_bytes(4, "little") * 50)
    store.add(run)
    print(run.id, flush=True)
"""


def store_writes(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Kill one of two processes that write runs; all that either was told is kept has to be there."""
    draw = random.Random(5)
    for at in range(number):
        here, store = folder / str(at), folder / str(at) / "store"
        here.mkdir()
        words = [sys.executable, "-c", WRITER, str(store), "1000", "1030"]
        other = subprocess.Popen(words, env=surroundings(here), stdout=subprocess.PIPE, text=True)
        kill = Signal(signal.SIGKILL, draw.uniform(0, 0.3), "store/store.sqlite")
        victim = nursery.run([str(store), "0", "1000"], here, kill, program=WRITER)
        kept = victim.out.split("\n")[:-1] + other.communicate(timeout=120)[0].split()
        yield stored(store, kept, f"trial {at}") if other.returncode == 0 else Trial("crashed", f"trial {at}: other")


def stored(folder: Path, kept: list[str], what: str) -> Trial:
    """Whether everything that was told to be kept is in the store, whole and once."""
    store = Store(folder)
    try:
        runs = {run.id: run for run in store.runs()}
        if lost := [id_ for id_ in kept if id_ not in runs]:
            return Trial("lost", f"{what}: {len(lost)} runs")
        if any(run.predictions != run.spec.seed.to_bytes(4, "little") * 50 for run in runs.values()):
            return Trial("silent", f"{what}: other predictions")
        found = [damage.what for damage in damages(store)]
        return Trial("silent", f"{what}: {found[:2]}") if found or len(runs) != len(store.ids()) else HELD
    finally:
        store.connection.close()


def studies(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Kill a study with three workers or one of these, and start it again: the same verdict, each run once."""
    draw = random.Random(9)
    words = ["run", str(folder / "study.toml"), "--workers", "3", "--json"]
    (folder / "study.toml").write_text(STUDY)
    ended = nursery.run(words, folder / "whole")
    whole = verdict(ended)
    for at in range(number):
        here = folder / str(at)
        kill = Signal(signal.SIGKILL, draw.uniform(0, ended.seconds), to_worker=at % 2 == 1)
        first = nursery.run(words, here, kill)
        what = f"trial {at}, {'a worker' if at % 2 else 'the study'} after {kill.after:.2f} s"
        if first.left:
            yield Trial("hung", f"{what}: {first.left} processes left")
        elif at % 2 and (trial := judged(first, what)) is not HELD:
            yield trial
        else:
            again = nursery.run(words, here)
            good = judged(again, what, [0])
            same = good is HELD and verdict(again) == whole
            yield good if good is not HELD or same else Trial("silent", f"{what}: another verdict")


def verdict(ended: Ended) -> Any:
    """What a study came to, without the times that it took."""
    return without_times(json.loads(ended.out.splitlines()[-1]))


def without_times(value: Any) -> Any:
    """A value of JSON without what the clock decides."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if not any(word in key for word in CLOCK)}
    return [without_times(one) for one in value] if isinstance(value, list) else value


CLOCK = ("seconds", "time", "cost", "hours", "locked", "report", "memory", "sentence")  # sentences say costs

FAULTS = (
    Fault("SIGKILL of trainings", 2, 100, trainings, is_long=True),
    Fault(
        "SIGKILL while a checkpoint is written",
        2,
        100,
        partial(trainings, seen="store/checkpoints/.*.tmp"),
        is_long=True,
    ),
    Fault("SIGKILL while runs are stored", 2, 100, store_writes),
    Fault("SIGKILL of a study with 3 workers, or of one", 1, 50, studies, is_long=True),
)

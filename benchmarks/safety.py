"""The price of safety: what checksums, flushing and renaming take of an epoch of simple-nn.

    python benchmarks/safety.py [ROUNDS]

An epoch is trained on 45,000 images. Beside it: packing and writing a checkpoint and storing a run, each as it is and
without what makes it safe (no SHA-256, no fsync; SQLite without waiting for the disk). Rounds are interleaved.
"""

import contextlib
import dataclasses
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.atomic import atomic_write
from ablab.data import load_dataset
from ablab.events import EpochDone
from ablab.execute.checkpoints import PAUSE
from ablab.execute.run_one import run_one
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.store import Store
from ablab.train.checkpoint import DIGEST, pack

DATA = "phantom(train=50000, test=1000)"
MOST = 0.02  # of an epoch


@contextlib.contextmanager
def clock(times: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    times.append(time.perf_counter() - begun)


def measured(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Seconds of each part, as many as there are rounds."""
    recipe = Recipe.of({"model": "simple-nn", "data": DATA, "epochs": rounds})
    dataset = load_dataset(DATA)
    spec = RunSpec(recipe, 0, dataset.fingerprint)
    times: dict[str, list[float]] = {name: [] for name in ("epoch", "pack", "digest", "write", "plain write")}
    last: Any = None
    for event in run_one(spec, dataset):
        last = event
        if isinstance(event, EpochDone):
            times["epoch"].append(event.row.seconds)
            with clock(times["pack"]):
                content = pack(event.state, {"recipe": recipe.full()})
            with clock(times["digest"]):
                hashlib.sha256(content[DIGEST:]).digest()
            with clock(times["write"]):
                atomic_write(folder / "safe", content)
            with clock(times["plain write"]):
                (folder / "plain").write_bytes(content)
    assert isinstance(last, Run)
    return {**times, **stored(last, rounds, folder)}


def stored(run: Run, rounds: int, folder: Path) -> dict[str, list[float]]:
    """Seconds for storing a run, flushed and not."""

    safe, fast = Store(folder / "safe store"), Store(folder / "fast store")
    fast.connection.execute("PRAGMA synchronous = OFF")
    times: dict[str, list[float]] = {"store": [], "store without flushing": []}
    for seed in range(rounds):
        one = dataclasses.replace(run, spec=dataclasses.replace(run.spec, seed=seed))
        for name, store in (("store", safe), ("store without flushing", fast)):
            with clock(times[name]):
                store.add(one)
    return times


def share(times: dict[str, float]) -> float:
    """What safety takes of an epoch: the flush and the digest of a checkpoint, as often as one is written.

    A checkpoint is written every few seconds at most, so a shorter epoch bears a part of one.
    """
    checkpoint = times["digest"] + max(0.0, times["write"] - times["plain write"])
    return checkpoint * min(1.0, times["epoch"] / PAUSE) / times["epoch"]


def main(rounds: int) -> int:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        times = {name: statistics.median(some) for name, some in measured(rounds, Path(folder)).items()}
    for name, seconds in times.items():
        print(f"{name:<24} {1000 * seconds:>10.2f} ms")
    print(f"safety takes {100 * share(times):.3f} % of an epoch; at most {100 * MOST:.0f} % is promised")
    once = times["store"] - times["store without flushing"]
    print(f"and, once a run, {1000 * once:.2f} ms to have it on the disk")
    return 0 if share(times) <= MOST else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))

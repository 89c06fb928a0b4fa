"""Thousands of tiny runs in one process and through workers: memory, open files, threads and temporary files stay.

    python benchmarks/soak.py [RUNS] [--workers N]

Memory is compared between a tenth of the way, when everything has been used once, and the end: the median of three
measurements each, because workers are measured in the middle of their runs. SQLite's cache of pages fills until run 430
or so and adds 2 MB. Mapped files do not count: the pages of torch's libraries belong to a process alone as soon as no
other process uses torch, so the figure would depend on what else runs. The exit code is 1 where memory has grown by
over 5 % or where files, threads, processes or temporary files have become more.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from ablab.conduct import keep
from ablab.execute import Job, Loader, choose
from ablab.prepare import facts_of
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.store import Store

GROWTH = 0.05  # of memory at most
LEAST = 20  # runs, for so many measurements
RECIPE = {"model": "mlp", "data": "phantom(train=200, test=60)", "epochs": 1, "batch": 50, "threads": 1}


@dataclass(frozen=True)
class Use:
    """What this process and those that it has started hold."""

    memory: int  # bytes that come from no file
    files: int
    threads: int
    processes: int
    temporary: int  # files that a write has left behind

    @classmethod
    def now(cls, folder: Path) -> "Use":
        own = psutil.Process()
        processes = [own, *own.children(recursive=True)]
        return cls(
            sum(one.memory_info().rss - one.memory_info().shared for one in processes),
            sum(one.num_fds() for one in processes),
            sum(one.num_threads() for one in processes),
            len(processes),
            len(list(folder.rglob(".*.tmp"))),
        )


def uses(number: int, workers: int, folder: Path) -> Iterator[Use]:
    """Carry out so many runs, and look after each twentieth of them."""
    store, load = Store(folder / "store"), Loader()
    recipe = Recipe.of(RECIPE)
    dataset = load(recipe)
    store.keep_data(facts_of(dataset))
    specs = {spec.id: spec for spec in (RunSpec(recipe, seed, dataset.fingerprint) for seed in range(number))}
    job = Job(load, store.checkpoints, number, None)
    every = max(1, number // 20)
    with choose(None, workers, job) as execute:
        for done, run in enumerate(execute(lambda: tuple(specs.values()), lambda *_: None), 1):
            keep(run, store)
            del specs[run.id]
            if done % every == 0:
                yield Use.now(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.runs < LEAST:
        parser.error(f"at least {LEAST} runs are needed")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ABLAB_CACHE"] = f"{folder}/cache"
        begun = time.monotonic()
        found = list(uses(given.runs, given.workers, Path(folder)))
        seconds = time.monotonic() - begun
    first, last = found[1], found[-1]
    memory, after_all = (statistics.median(use.memory for use in some) for some in (found[1:4], found[-3:]))
    growth = after_all / memory - 1
    print(f"{given.runs} runs, {given.workers} at a time, {seconds:.0f} s")
    print(f"memory {memory / 2**20:.1f} MB -> {after_all / 2**20:.1f} MB ({100 * growth:+.1f} %)")
    flat = True
    for name in ("files", "threads", "processes", "temporary"):
        before, after = getattr(first, name), getattr(last, name)
        flat = flat and after <= before
        print(f"{name} {before} -> {after}")
    return 0 if flat and growth <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())

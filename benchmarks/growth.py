"""How training time grows with width, depth, batch, images, seeds and processes: time ~ size^exponent.

    python benchmarks/growth.py [--axis NAME] [--repeats N] [--images N] [--json]

Every point runs in processes of its own, and points take turns, so that a machine that gets busy slows them all. The
time of a point is its least: of the second and third epoch of a run, or of a whole set of seeds. The exponent is the
slope of the best line through the logarithms. Beside it stand what the number of operations alone would give, and the
largest factor by which a point is off that line.
"""

import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
TRAIN = ["-m", "ablab", "train", "--json"]


@dataclass(frozen=True)
class Axis:
    """A quantity that grows: the words of the recipe at each size, and the exponent that its operations have."""

    expected: float
    points: dict[int, str]


def axes(images: int) -> dict[str, Axis]:
    """All that is measured; `images` is the size of a training set that does not grow."""
    small = f"simple-nn train_images={images}"
    return {
        "width": Axis(2.0, {n: f"{small} width={n}" for n in (1, 2, 4, 8)}),
        "depth": Axis(1.0, {n: f"resnet{n} width=0.5 train_images={images // 4}" for n in (20, 32, 44, 56)}),
        "batch": Axis(0.0, {n: f"{small} batch={n}" for n in (32, 64, 128, 256)}),
        "images": Axis(1.0, {n: f"simple-nn train_images={n}" for n in (images // 2, images, 2 * images)}),
        "seeds": Axis(1.0, dict.fromkeys((1, 2, 4, 8), small)),
        "processes": Axis(-1.0, {n: f"{small} batch=256" for n in (1, 2, 4, 8) if n <= CORES}),
    }


def epoch(recipe: str, processes: int = 1) -> float:
    """Seconds of the faster of the second and the third epoch, by one process or by several together."""
    with tempfile.TemporaryDirectory() as store:
        words = [*TRAIN, *shlex.split(recipe), "epochs=3", "--store", store]
        if processes > 1:
            words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *words]
        done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, text=True, check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return min(float(event["seconds"]) for event in events if event["event"] == "epoch" and event["epoch"] > 1)


def seeds(recipe: str, many: int) -> float:
    """Seconds for so many runs of one epoch, as many at a time as suit the machine; processes and data are there."""
    code = f"import growth; print(growth.seeds_here({recipe!r}, {many}))"
    path = os.pathsep.join([str(Path(__file__).resolve().parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return float(done.stdout.splitlines()[-1])


def seeds_here(recipe: str, many: int) -> float:
    """The same in this process, which has nothing else to do."""
    from ablab.execute import Job, Loader, choose
    from ablab.grammar import assignments
    from ablab.recipe import Recipe, typed
    from ablab.records import RunSpec

    model, _, rest = recipe.partition(" ")
    made = Recipe.of({"model": model, "epochs": 1, **typed(assignments(rest))})
    fingerprint = Loader()(made).fingerprint
    with choose(None, None, Job(Loader(), runs=many)) as execute:
        warm = [RunSpec(made, 1000 + seed, fingerprint) for seed in range(execute.slots)]
        specs = [RunSpec(made, seed, fingerprint) for seed in range(many)]
        took = 0.0
        for wanted in (warm, specs):
            left = {spec.id: spec for spec in wanted}
            begun = time.monotonic()
            for run in execute(lambda left=left: tuple(left.values()), lambda _spec, _event: None):
                del left[run.id]
            took = time.monotonic() - begun
    return took


def measured(name: str, size: int, recipe: str) -> float:
    """Seconds at one point."""
    if name == "seeds":
        return seeds(recipe, size)
    return epoch(recipe, size if name == "processes" else 1)


def fitted(times: dict[int, float]) -> tuple[float, float]:
    """The exponent, and the largest factor by which a time is off the line.

    >>> exponent, off = fitted({1: 3.0, 2: 12.0, 4: 48.0})
    >>> round(exponent, 6), round(off, 6)
    (2.0, 1.0)
    """
    if len(times) < 2:
        return math.nan, math.nan
    line = statistics.linear_regression([math.log(size) for size in times], [math.log(one) for one in times.values()])
    gaps = [math.log(one) - line.intercept - line.slope * math.log(size) for size, one in times.items()]
    return line.slope, math.exp(max(map(abs, gaps)))


def main() -> None:
    """Measure and print a line for each axis."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axis", action="append", choices=axes(1))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chosen = {name: axis for name, axis in axes(given.images).items() if given.axis is None or name in given.axis}
    times = {(name, size): list[float]() for name, axis in chosen.items() for size in axis.points}
    for _ in range(given.repeats):
        for name, size in times:
            times[name, size].append(measured(name, size, chosen[name].points[size]))
    for name, axis in chosen.items():
        least = {size: min(times[name, size]) for size in axis.points}
        exponent, off = fitted(least)
        if given.json:
            facts = {"seconds": least, "exponent": exponent, "expected": axis.expected, "off": off}
            print(json.dumps({"axis": name, **facts}))
        else:
            points = ", ".join(f"{size}: {seconds:.2f} s" for size, seconds in least.items())
            print(f"{name:<10}size^{exponent:.2f} (operations {axis.expected:g}, off by up to {off:.2f}x)  {points}")


if __name__ == "__main__":
    main()

"""What many runs take: a store of them, and many studies on a cluster that is simulated.

    python benchmarks/scale.py store [RUNS] [FOLDER]     # a folder with a store of this size is used again
    python benchmarks/scale.py fleet [STUDIES] [SLOTS]
    python benchmarks/scale.py saves [STUDIES]

Studies have a base and two variants with ten seeds each; effects and spreads are drawn as `tools/fleet.py` says. What a
person waits for is measured as a person sees it, as a process from its start to its end. Processor seconds are given
as well, since they do not depend on what else the machine does.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

from ablab.records import Cost, DataFacts, EpochRow, Machine, Measurement, Run, RunSpec
from ablab.result import result_of
from ablab.serve.overview import overview
from ablab.serve.runs_list import Query
from ablab.serve.snapshot import Shelf
from ablab.store import Store
from ablab.study import Plan, decide
from fleet import Fleet, fixed_seeds, fleet, one_after_another, pooled

IMAGES, EPOCHS = 1000, 20
MACHINE = Machine("node", "cpu", 1, "fp32", "2.13.0", "3.11.7", "AVX2")


def main(what: str, numbers: list[str]) -> None:
    first = int(numbers[0]) if numbers else None
    if what == "store" and len(numbers) > 1:
        measure_store(first or 100_000, Path(numbers[1]))
    elif what == "store":
        with tempfile.TemporaryDirectory() as folder:
            measure_store(first or 100_000, Path(folder) / "store")
    elif what == "fleet":
        measure_fleet(first or 334, int(numbers[1]) if len(numbers) > 1 else 400)
    elif what == "saves":
        measure_savings(first or 100)
    else:
        raise SystemExit(__doc__)


def measure_store(runs: int, folder: Path) -> None:
    """Fill a store, and time what people ask of it."""
    many = fleet(-(-runs // 30))
    specs = [spec for planned in many.plans for spec in planned.most][:runs]
    store = Store(folder)
    if len(store.ids()) != len(specs):
        timed("add the runs", lambda: fill(store, many.plans, many, specs), times=1)
    artifacts = sum(path.stat().st_size for path in store.artifacts.rglob("*") if path.is_file())
    print(
        f"{'the file, and artifacts beside it':<52}{store.file.stat().st_size / 1e6:.0f} MB, {artifacts / 1e6:.0f} MB"
    )
    words = ["runs", "ls", "--store", str(folder)]
    process("ablab --version: what any command takes", ["--version"])
    process("ablab runs ls --limit 50", [*words, "--limit", "50"])
    process("ablab runs ls --limit 50 --sort -created", [*words, "--limit", "50", "--sort", "-created"])
    process("ablab runs ls --where, 50 of them", [*words, "--limit", "50", "--where", "seed = 3 and accuracy > 0.9"])
    timed("list all runs", store.listing)
    last = many.plans[len(specs) // 30 - 1]
    timed("read the 30 runs of a study", lambda: store.runs(spec.id for spec in last.most))
    there = store.runs(spec.id for spec in last.most)
    timed("decide on them", lambda: decide(last, there))
    timed("the verdicts of a study, from the store", lambda: result_of(last, store))
    timed("the dashboard's first page, first look", lambda: overview(Shelf(folder).look(), Query()))
    shelf = Shelf(folder)
    overview(shelf.look(), Query())
    timed("the dashboard's first page, next look", lambda: overview(shelf.look(), Query()))
    timed("the dashboard's search for text", lambda: overview(shelf.look(), Query(text="lr=0.2 seed=3")))


def fill(store: Store, plans: tuple[Plan, ...], many: Fleet, specs: list[RunSpec]) -> None:
    """Add runs as a conductor does; a study is locked before its first one."""
    draw = random.Random(0)
    labels = tuple(draw.randrange(10) for _ in range(IMAGES))
    store.keep_data(DataFacts("f" * 64, "phantom", tuple("abcdefghij"), labels))
    of = {spec.id: planned for planned in plans for spec in planned.most}
    begun: set[str] = set()
    for spec in specs:
        planned = of[spec.id]
        if planned.hash not in begun:
            begun.add(planned.hash)
            store.keep_study(planned.kept)
        store.add(simulated(spec, planned.hash, many.accuracies[spec.id], labels, draw))


def simulated(spec: RunSpec, plan: str, accuracy: float, labels: tuple[int, ...], draw: random.Random) -> Run:
    """A run with a curve of full figures, and predictions that are right as often as its accuracy says."""
    right = set(draw.sample(range(IMAGES), round(accuracy * IMAGES)))
    given = bytes(label if at in right else (label + 1 + draw.randrange(9)) % 10 for at, label in enumerate(labels))
    curve = tuple(
        EpochRow(epoch, 0.05, *(draw.random() for _ in range(4)), draw.uniform(3, 4), 45_000)
        for epoch in range(1, EPOCHS + 1)
    )
    cost = Cost(350.0, 360.0, EPOCHS, 45_000 * EPOCHS, 82_030, 4_000_000)
    test = Measurement(1.0, len(right) / IMAGES, IMAGES, {"top5": 0.99, "ece": 0.03})
    return Run(spec, "finished", MACHINE, cost, 2.3, curve, EPOCHS, test, given, draw.randbytes(IMAGES), plan=plan)


def measure_fleet(studies: int, slots: int) -> None:
    """The time and the runs of many studies on one cluster, in lengths of runs of the base."""
    many = fleet(studies)
    print(f"{studies} studies of 3 recipes, 3 to 10 seeds, on {slots} slots")
    for what, how in (("fixed seeds", fixed_seeds), ("one after another", one_after_another), ("pooled", pooled)):
        begun, processor = time.perf_counter(), time.process_time()
        told = how(many, slots)
        took = f"{time.perf_counter() - begun:.0f} s, {1000 * (time.process_time() - processor) / told.started:.1f}"
        print(
            f"{what:<20}{told.time:8.1f} lengths, {told.finished:,} runs, {told.started - told.finished:,} stopped; "
            f"simulated in {took} ms of the processor a run",
            flush=True,
        )


def measure_savings(studies: int) -> None:
    """The share of runs that the sequential rule takes, of those of ten fixed seeds."""
    for effect in (0.0, 0.5, 1.0, 2.0):
        for sd in (0.28, 0.71, 1.41):
            many = fleet(studies, variants=1, effects=(effect,), spreads=(sd,))
            told = one_after_another(many, 1)
            print(
                f"effect {effect:3} points, sd of differences {sd:4}: {told.started / (20 * studies):.2f}", flush=True
            )


def process(what: str, words: list[str]) -> None:
    timed(what, lambda: subprocess.run([sys.executable, "-m", "ablab", *words], check=True, stdout=subprocess.PIPE))


def timed(what: str, do: Callable[[], object], times: int = 3) -> None:
    """The fastest of three: what else the machine does only ever makes it slower."""
    took = []
    for _ in range(times):
        begun, processor = time.perf_counter(), processor_seconds()
        do()
        took.append((time.perf_counter() - begun, processor_seconds() - processor))
    seconds, of_processor = map(min, zip(*took, strict=True))
    print(f"{what:<52}{seconds:8.2f} s {of_processor:8.2f} s of the processor", flush=True)


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:])

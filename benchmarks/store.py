"""What a store of many runs takes: bytes, and seconds for its list, a study's verdicts, and a check of all.

    python benchmarks/store.py [RUNS]

Runs are simulated: 100 epochs, 10,000 test images, 30 seeds a recipe. Figures are for this machine; what a person
waits for is measured as a person sees it, as a process from its start to its end.
"""

import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ablab.recipe import Recipe
from ablab.records import Cost, DataFacts, EpochRow, Machine, Measurement, Run, RunSpec, StudyText
from ablab.result import look_up
from ablab.store import Store
from ablab.store.care import damages
from ablab.store.exchange import export, take
from ablab.study import Study, plan

IMAGES, EPOCHS, SEEDS = 10_000, 100, 30
MACHINE = Machine("ada", "cpu", 2, "fp32", "2.13.0", "3.11.7", "AVX2")
STUDY = """question = "Does any of these help?"
data = "phantom"
epochs = 100
[variants]
"batch norm" = "norm=batch"
"crop + flip" = "augment=crop(4)+flip"
"wide" = "width=2.0"
"dropout" = "dropout=0.5"
"slow" = "lr=0.01"
[decide]
margin = 0.1
seeds = 30
"""


def main(number: int) -> None:
    draw = random.Random(0)
    labels = tuple(draw.randrange(10) for _ in range(IMAGES))
    study = Study.from_toml(STUDY, "many.toml")
    planned = plan(study, "fingerprint")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "store"
        store = Store(folder)
        store.keep_data(DataFacts("fingerprint", "phantom", tuple("abcdefghij"), labels))
        store.keep_study(StudyText(planned.hash, study.name, study.text, "fingerprint", len(study.variants)))
        wanted = list(all_wanted(planned.most, number))
        begun = time.perf_counter()
        for one in wanted:
            store.add(simulated(one, labels, draw))
        say(f"add {len(wanted):,} runs", time.perf_counter() - begun)
        artifacts = sum(path.stat().st_size for path in store.artifacts.rglob("*") if path.is_file())
        sizes = f"{store.file.stat().st_size / 1e6:.0f} MB, {artifacts / 1e6:.0f} MB"
        print(f"{'the file, and artifacts beside it':<52}{sizes}")
        words = ["runs", "ls", "--store", str(folder)]
        process("ablab --version: what any command takes", ["--version"])
        process("ablab runs ls", words)
        process(
            "ablab runs ls --where norm, --sort accuracy", [*words, "--where", "norm = 'batch'", "--sort", "-accuracy"]
        )
        process("ablab runs ls --csv, with every key", [*words, "--csv"])
        timed("store.listing()", store.listing)
        timed(
            f"store.runs() of a study, {len(planned.most)} of them", lambda: store.runs(run.id for run in planned.most)
        )
        timed("the verdicts of that study, 5 variants", lambda: look_up(study, store))
        timed("check everything", lambda: print(*damages(store)) if any(damages(store)) else None)
        timed("export the study's runs", lambda: export(store, [run.id for run in planned.most], folder / "x.ablab"))
        timed("import them into a new store", lambda: take(Store(new(folder)), folder / "x.ablab"))
        subprocess.run([sys.executable, "-m", "ablab", *words, "--limit", "3"], check=True)


def all_wanted(study: tuple[RunSpec, ...], number: int) -> Iterator[RunSpec]:
    """The runs of the study, and then others until there are so many."""
    yield from study[:number]
    for at in range(number - len(study)):
        yield RunSpec(Recipe(epochs=EPOCHS, weight_decay=(1 + at // SEEDS) * 1e-6), at % SEEDS, "fingerprint")


def simulated(wanted: RunSpec, labels: tuple[int, ...], draw: random.Random) -> Run:
    """A run with a curve of full figures, and predictions as hard to compress as real ones."""
    wrong = {draw.randrange(IMAGES) for _ in range(IMAGES // 3)}
    given = bytes(draw.randrange(10) if at in wrong else label for at, label in enumerate(labels))
    accuracy = sum(map(int.__eq__, given, labels)) / IMAGES
    curve = tuple(
        EpochRow(epoch, 0.05 * math.cos(epoch / 70), *(draw.random() for _ in range(4)), draw.uniform(3, 4), 45_000)
        for epoch in range(1, EPOCHS + 1)
    )
    return Run(
        wanted,
        "finished",
        MACHINE,
        Cost(350.0, 360.0, EPOCHS, 45_000 * EPOCHS, 82_030, 4_000_000),
        2.3,
        curve,
        EPOCHS,
        Measurement(1.0, accuracy, IMAGES, {"top5": 0.99, "ece": 0.03}),
        given,
        draw.randbytes(IMAGES),
    )


def new(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder))


def process(what: str, words: list[str]) -> None:
    timed(what, lambda: subprocess.run([sys.executable, "-m", "ablab", *words], check=True, stdout=subprocess.PIPE))


def timed(what: str, do: Callable[[], object]) -> None:
    """The fastest of three: what else the machine does only ever makes it slower."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        do()
        times.append(time.perf_counter() - begun)
    say(what, min(times))


def say(what: str, seconds: float) -> None:
    print(f"{what:<52}{seconds:8.2f} s", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

"""What a study takes beside its runs: its statistics, its plan, and all else between the start and the last verdict.

    python benchmarks/studies.py

Prints the seconds of the verdicts of 10 variants, 20 seeds and 10,000 test images; of `ablab plan`; and, of a study
that is really trained, the share of its time that no run took. Ratios, not seconds, compare between machines.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from ablab.conduct import run_study
from ablab.prepare import foresee_study
from ablab.recipe import Recipe
from ablab.records import Cost, DataFacts, EpochRow, Machine, Measurement, Run, RunSpec
from ablab.report.page import page
from ablab.result import Result
from ablab.store import Store
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.question.files import read_studies
from ablab.study.secondary import class_effects, secondary

IMAGES, CLASSES = 10_000, 10
QUICK = """question = "What does a study take beside its runs?"
data = "phantom"
epochs = 3
train_images = 5000
[variants]
"batch norm" = "norm=batch"
[decide]
margin = 1.0
seeds = 3
"""


def simulated(variants: int, seeds: int) -> tuple[Study, list[Run], np.ndarray]:
    """A study of which every run is there, with predictions that are right as often as their accuracy says."""
    draw = np.random.default_rng(1)
    base = Recipe.of({"epochs": 10})
    changes = tuple(
        Variant(f"v{i}", base.with_(f"lr={0.01 + i / 1000}"), f"lr={0.01 + i / 1000}") for i in range(variants)
    )
    study = Study("?", base, changes, Rule(margin=0.01, seeds=(3, seeds)))
    labels = draw.integers(0, CLASSES, IMAGES)
    curve = tuple(EpochRow(i, 0.1, 1.0, 0.6, 1.0, 0.6, 1.0, 1000) for i in range(1, 11))
    machine = Machine("m", "cpu", 1, "fp32", "2", "3", "c")
    runs = []
    for recipe in study.recipes:
        for seed in range(seeds):
            given = np.where(draw.random(IMAGES) < 0.7, labels, draw.integers(0, CLASSES, IMAGES)).astype("u1")
            accuracy = float((given == labels).mean())
            runs.append(
                Run(
                    spec=RunSpec(recipe, seed, "f"),
                    status="finished",
                    machine=machine,
                    cost=Cost(10, 11, 10, 1000, 1000),
                    curve=curve,
                    selected_epoch=10,
                    test=Measurement(1.0, accuracy, IMAGES),
                    predictions=given.tobytes(),
                )
            )
    return study, runs, labels


def main() -> None:
    study, runs, labels = simulated(10, 20)
    planned = plan(study, "f")
    decide(planned, runs[:40], labels=labels)  # scipy and the table are loaded once a process
    begun = time.perf_counter()
    decision = decide(planned, runs, labels=labels)
    verdicts = time.perf_counter() - begun
    facts = DataFacts("f", "simulated", tuple(f"c{i}" for i in range(CLASSES)), tuple(labels.tolist()))
    begun = time.perf_counter()
    by = {(run.spec.recipe.hash, run.spec.seed): run for run in runs}
    for variant in study.variants:
        pairs = [(by[study.base.hash, seed], by[variant.recipe.hash, seed]) for seed in range(20)]
        secondary(pairs)
        class_effects(pairs, facts)
    others = time.perf_counter() - begun
    begun = time.perf_counter()
    text = page(Result(study, planned, tuple(runs), decision, None, facts))
    report = time.perf_counter() - begun
    print(f"10 variants, 20 seeds, {IMAGES:,} images: verdicts {verdicts:.2f} s, secondary answers {others:.2f} s")
    print(f"their report: {report:.2f} s, {len(text.encode()) / 1e6:.2f} MB")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quick.toml"
        path.write_text(QUICK, encoding="utf-8")
        (quick,) = read_studies(path)
        store = Store(Path(folder) / "store")
        foresee_study(quick, None)
        begun = time.perf_counter()
        foresee_study(quick, None)
        print(f"ablab plan, once torch and the data are loaded: {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        result = run_study(quick, store, show=lambda _planned: lambda _wanted, _event: None, workers=1)
        whole = time.perf_counter() - begun
        own = sum(run.cost.wall_seconds for run in result.runs)
        print(
            f"a study of {len(result.runs)} runs: {whole:.1f} s, its runs {own:.1f} s: "
            f"{100 * (whole / own - 1):.1f} % more"
        )


if __name__ == "__main__":
    main()

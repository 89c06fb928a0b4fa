"""Simulated studies whose runs have all that a page can show: answers, certainty, weights, costs, and test images."""

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from simulated import GAINS, simulate, study

from ablab.records import DataFacts, Measurement, Run, Weights
from ablab.study import Study, Verdict, decide, plan

FINGERPRINT = "0123456789ab"
CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry")
IMAGES = 400
# parameters and MACs of the networks of the study, as `ablab inspect` counts them
COSTS = {"batch": (82_078, 716_328), 2.0: (324_754, 1_922_832)}


def facts(images: int = IMAGES, classes: tuple[str, ...] = CLASSES) -> DataFacts:
    return DataFacts(FINGERPRINT, "phantom", classes, tuple(at % len(classes) for at in range(images)))


def pictures(images: int = IMAGES) -> Any:
    return np.random.default_rng(7).integers(0, 256, (images, 3, 32, 32), dtype=np.uint8)


def answered(run: Run, data: DataFacts, planned: str) -> Run:
    """The run with answers that are right about as often as it says; images 0 to 4 are wrong in every run."""
    if run.test is None:
        return run
    draw = random.Random(f"answers/{run.id}")
    k = len(data.classes)
    given = [
        label if at > 4 and draw.random() < run.test.accuracy else (label + draw.choice((1, 1, 2, 5))) % k
        for at, label in enumerate(data.labels)
    ]
    right = sum(one == label for one, label in zip(given, data.labels, strict=True)) / len(given)
    last = run.curve[-1].train_accuracy
    counts = tuple(round(10_000 * 2.0 ** -abs(at - 15.5)) for at in range(32))
    parameters, macs = COSTS.get(next(iter(run.spec.recipe.options.values()), None), (82_030, 716_328))
    return dataclasses.replace(
        run,
        cost=dataclasses.replace(run.cost, parameters=parameters, macs=macs, memory=300 * 2**20),
        test=Measurement(1 - right, right, len(given)),
        predictions=bytes(given) if k <= 256 else np.asarray(given, "<u2").tobytes(),
        certainty=bytes(draw.randrange(100, 256) for _ in given),
        train=Measurement(0.5, last, 1000),
        weights=Weights(sum(counts), 0.02 + 0.01 * draw.random(), 0.05, counts),
        plan=planned,
    )


def detailed(
    it: Study | None = None, *, data: DataFacts | None = None, gains: Mapping[str, float] = GAINS
) -> tuple[Study, tuple[Run, ...], tuple[Verdict, ...], DataFacts]:
    """A study, its runs with answers, the verdicts on them, and the facts of the data."""
    it, data = it or study(), data or facts()
    planned = plan(it, FINGERPRINT)
    _, runs, _ = simulate(it, gains=gains)
    runs = tuple(answered(run, data, planned.hash) for run in runs)
    return it, runs, decide(planned, runs, labels=data.labels).verdicts, data

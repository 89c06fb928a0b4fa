"""Runs for tests of what comes after training: real records with figures that the test chooses."""

import dataclasses

from ablab.recipe import Recipe
from ablab.records import Cost, EpochRow, Machine, Measurement, Run, RunSpec

MACHINE = Machine("host", "cpu", 2, "fp32", "2.13.0", "3.11.7", "AVX2")


def sample_run(seed: int = 0, accuracy: float = 0.31, recipe: Recipe | None = None, **changes: object) -> Run:
    """A finished run of two epochs with this test accuracy."""
    recipe = recipe or Recipe()
    made = Run(
        spec=RunSpec(recipe, seed, "fingerprint"),
        status="finished",
        machine=MACHINE,
        cost=Cost(1.5, 2.0, 2, 1800, 82030),
        untrained_loss=2.3046,
        curve=(EpochRow(1, 0.1, 2.1, 0.25, 1.9, 0.3, 0.75), EpochRow(2, 0.05, 1.9, 0.3, 1.8, accuracy, 0.75)),
        selected_epoch=2,
        test=Measurement(1.8, accuracy, 200),
        predictions=bytes([1, 2, 3, 4]) * 50,
    )
    return dataclasses.replace(made, **changes)

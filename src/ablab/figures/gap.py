"""The gap: how much better a network knows the images that it was trained on."""

from ablab.catalogue import mark
from ablab.records import Run


@mark("figure", "gap", title="gap", unit="pp", direction="lower", decimals=2)
def gap(run: Run) -> float | None:
    """Training minus test accuracy of the same weights, in points, both without dropout and augmentation."""
    return run.train.points - run.test.points if run.train and run.test else None

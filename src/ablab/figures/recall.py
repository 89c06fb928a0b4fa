"""Recall: the share of one class's test images that are right."""

from typing import Any

from ablab.catalogue import mark
from ablab.errors import StudyError, did_you_mean
from ablab.metric import Answers
from ablab.records import DataFacts, Run
from ablab.statistics.paired import correct


@mark(
    "figure",
    "recall",
    title="recall of {label}",
    unit="%",
    direction="higher",
    of_images=True,
    example="recall(cat)",
)
def recall(data: DataFacts, *, label: str | int) -> Answers:
    """Which images of a class a run got right."""
    import numpy as np

    if (known := str(label)) not in data.classes:
        near = did_you_mean(known, data.classes)
        raise StudyError(f'metric = recall({label}): {data.name} has no class "{label}": {near}')
    labels = np.asarray(data.labels)
    rows = np.flatnonzero(labels == data.classes.index(known))
    if not len(rows):
        raise StudyError(f"metric = recall({label}): {data.name} has no test image of that class")

    def answers(run: Run) -> Any:
        return correct(run.predictions, labels)[rows] if run.predictions else None

    return answers

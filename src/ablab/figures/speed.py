"""How soon: training time, and the epochs or seconds until validation accuracy reaches a target.

A run that never reaches the target counts as one epoch more than it was given, and as the seconds that these would have
taken: the least that it can be. A pair in which neither does says nothing, and counts for nothing.
"""

from typing import Annotated

from ablab.catalogue import mark
from ablab.metric import AtLeast
from ablab.records import Run

Percent = Annotated[float, "(0, 100)"]


@mark("figure", "train_seconds", title="training time", unit="s", direction="lower", decimals=1, is_time=True)
def train_seconds(run: Run) -> float | None:
    """Seconds of training, without measuring; comparable on one machine only."""
    return run.cost.seconds if run.status == "finished" else None


@mark(
    "figure",
    "epochs_to",
    title="epochs to {percent:g} % validation accuracy",
    unit="epochs",
    direction="lower",
    decimals=1,
    example="epochs_to(70)",
)
def epochs_to(run: Run, *, percent: Percent) -> float | None:
    """The first epoch whose validation accuracy is at least so many percent."""
    reached = next((row.epoch for row in run.curve if row.val_points >= percent), None)
    if not run.curve:
        return None
    return AtLeast(run.spec.recipe.epochs + 1) if reached is None else float(reached)


@mark(
    "figure",
    "seconds_to",
    title="seconds to {percent:g} % validation accuracy",
    unit="s",
    direction="lower",
    decimals=1,
    is_time=True,
    example="seconds_to(70)",
)
def seconds_to(run: Run, *, percent: Percent) -> float | None:
    """Seconds of training up to the first epoch whose validation accuracy is at least so many percent."""
    epochs = epochs_to(run, percent=percent)
    if epochs is None:
        return None
    taken = [row.seconds for row in run.curve][: int(epochs)]
    return type(epochs)(sum(taken) / len(taken) * epochs)

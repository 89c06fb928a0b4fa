"""What published figures are figures of: each a function of a run, so that ours is the same thing as theirs."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ablab.metric import metric_of
from ablab.records import EpochRow, Run
from ablab.statistics.learning import overfits_from
from ablab.statistics.paired import mean, sd


@dataclass(frozen=True)
class Measure:
    """One figure of a run, and how it reads."""

    title: str
    unit: str  # "%", "pp", "" for losses and counts, "s"
    of: Callable[[Run], float | None]
    margin: float  # the difference from which on one speaks of a difference at all, in its unit
    digits: int = 2
    grid: float = 0.01
    is_ratio: bool = False  # compared as variant over base
    is_time: bool = False  # comparable on one machine only

    @property
    def gap_unit(self) -> str:
        return "pp" if self.unit == "%" else self.unit

    def show(self, value: float) -> str:
        """A value with its unit."""
        return f"{value:.{self.digits}f}{' ' * bool(self.unit)}{self.unit}"


def _last(figure: Callable[[EpochRow], float]) -> Callable[[Run], float | None]:
    return lambda run: figure(run.curve[-1]) if _is_whole(run) else None


def _first(figure: Callable[[EpochRow], float]) -> Callable[[Run], float | None]:
    return lambda run: figure(run.curve[0]) if run.curve else None


def _at_best(figure: Callable[[EpochRow], float]) -> Callable[[Run], float | None]:
    def value(run: Run) -> float | None:
        return figure(_best(run.curve)) if _is_whole(run) else None

    return value


def _is_whole(run: Run) -> bool:
    """A run that broke down has no last epoch to speak of."""
    return bool(run.curve) and run.test is not None


def _best(curve: Sequence[EpochRow]) -> EpochRow:
    """The first epoch with the highest validation accuracy."""
    return max(curve, key=lambda row: row.val_accuracy)


def _steps(run: Run) -> float | None:
    """How much validation loss jumps from one epoch to the next, behind its steep beginning."""
    losses = [row.val_loss for row in run.curve[len(run.curve) // 4 :]]
    jumps = [after - before for before, after in itertools.pairwise(losses)]
    return sd(jumps) if _is_whole(run) and len(jumps) > 1 and all(map(math.isfinite, jumps)) else None


def _epoch_seconds(run: Run) -> float | None:
    return run.cost.seconds / run.cost.epochs if run.cost.epochs else None


def _overfits_from(run: Run) -> float | None:
    epoch = overfits_from(run.curve)
    return None if epoch is None else float(epoch)


MEASURES = {
    "test": Measure("test accuracy", "%", lambda run: run.points, 1.0),
    "best_val": Measure("validation accuracy at its best epoch", "%", _at_best(lambda row: row.val_points), 1.0),
    "last_val": Measure("validation accuracy of the last epoch", "%", _last(lambda row: row.val_points), 1.0),
    "mean_val": Measure(
        "mean validation accuracy over the epochs (learning speed)",
        "%",
        lambda run: mean([row.val_points for row in run.curve]) if _is_whole(run) else None,
        1.0,
    ),
    "last_train": Measure("training accuracy of the last epoch", "%", _last(lambda row: row.train_points), 1.0),
    "train_at_best": Measure(
        "training accuracy at the best validation epoch", "%", _at_best(lambda row: row.train_points), 1.0
    ),
    "gap": Measure("training minus test accuracy, evaluated the same way", "pp", metric_of("gap").points, 1.0),
    "last_gap": Measure(
        "training minus validation accuracy of the last epoch",
        "pp",
        _last(lambda row: row.train_points - row.val_points),
        1.0,
    ),
    "first_train_loss": Measure("training loss of the first epoch", "", _first(lambda row: row.train_loss), 0.05, 3),
    "first_val_loss": Measure("validation loss after the first epoch", "", _first(lambda row: row.val_loss), 0.05, 3),
    "last_train_loss": Measure("training loss of the last epoch", "", _last(lambda row: row.train_loss), 0.05, 3),
    "last_val_loss": Measure("validation loss of the last epoch", "", _last(lambda row: row.val_loss), 0.05, 3),
    "train_loss_at_best": Measure(
        "training loss at the best validation epoch", "", _at_best(lambda row: row.train_loss), 0.05, 3
    ),
    "val_loss_at_best": Measure(
        "validation loss at the best validation epoch", "", _at_best(lambda row: row.val_loss), 0.05, 3
    ),
    "val_loss_steps": Measure("spread of validation loss from epoch to epoch", "", _steps, 0.01, 3),
    "untrained_loss": Measure("loss before the first step", "", lambda run: run.untrained_loss, 0.05, 4),
    "best_epoch": Measure("epoch with the best validation accuracy", "", _at_best(lambda row: row.epoch), 1.0, 0, 1.0),
    "overfits_from": Measure("first epoch of overfitting", "", _overfits_from, 1.0, 0, 1.0),
    "near_zero": Measure(
        "share of weights near zero", "%", lambda run: 100 * run.weights.near_zero if run.weights else None, 1.0
    ),
    "seconds": Measure("seconds of training", "s", lambda run: run.cost.seconds, 0.1, 0, is_ratio=True, is_time=True),
    "epoch_seconds": Measure("seconds of training per epoch", "s", _epoch_seconds, 0.1, 1, is_ratio=True, is_time=True),
}

"""What a learning curve says: when it reaches a target, what that took, and from where on it overfits."""

from collections.abc import Sequence
from dataclasses import dataclass

from ablab.records import EpochRow

FLOPS = 6  # of training for each multiply-add: two on the way forward, about twice that on the way back


@dataclass(frozen=True)
class Effort:
    """What it took to get somewhere."""

    epochs: int
    seconds: float  # of training
    examples: int


def first_at(values: Sequence[float], target: float) -> int | None:
    """The place of the first value that is the target or above; None if there is none."""
    return next((at for at, value in enumerate(values) if value >= target), None)


def epochs_to(curve: Sequence[EpochRow], target: float) -> float | None:
    """The first epoch at which validation accuracy is the target, on straight lines between epochs; None if never."""
    at = first_at([row.val_accuracy for row in curve], target)
    if at is None:
        return None
    if at == 0:
        return float(curve[0].epoch)
    before, row = curve[at - 1 : at + 1]
    share = (target - before.val_accuracy) / (row.val_accuracy - before.val_accuracy)
    return before.epoch + share * (row.epoch - before.epoch)


def effort_to(curve: Sequence[EpochRow], points: float) -> Effort | None:
    """What the whole epochs took until validation accuracy, in percent, was at a target; None if it never was."""
    at = first_at([row.val_points for row in curve], points)
    if at is None:
        return None
    taken = curve[: at + 1]
    return Effort(taken[-1].epoch, sum(row.seconds for row in taken), sum(row.examples for row in taken))


def overfits_from(curve: Sequence[EpochRow]) -> int | None:
    """The epoch with the lowest validation loss, if behind it that loss rose by a twentieth while training's fell."""
    if not curve:
        return None
    lowest = min(curve, key=lambda row: row.val_loss)
    last = curve[-1]
    grew = last.val_loss > 1.05 * lowest.val_loss and last.train_loss < lowest.train_loss
    return lowest.epoch if grew else None

"""What a curve says in a sentence: where overfitting begins, and the way to a target."""

from collections.abc import Sequence

from ablab.nouns import counted
from ablab.records import Cost, EpochRow
from ablab.statistics.learning import FLOPS, effort_to, overfits_from


def fitting(curve: Sequence[EpochRow]) -> str:
    """Overfitting in words: the epoch from which on, and how far apart the two parts are at the end."""
    if not curve:
        return ""
    last = curve[-1]
    gap = last.train_points - last.val_points
    since = overfits_from(curve)
    ends = f"at the end training is {abs(gap):.1f} points {'above' if gap >= 0 else 'below'} validation"
    if since is None:
        return f"{ends} (training accuracy as measured during training); no sign of overfitting in the validation loss"
    return f"overfits from epoch {since} on: the validation loss rises while the training loss falls; {ends}"


def to_target(curve: Sequence[EpochRow], target: float, cost: Cost) -> str:
    """What it took to reach a validation accuracy, in percent: epochs, seconds, examples and operations."""
    effort = effort_to(curve, target)
    if effort is None:
        best = max((row.val_points for row in curve), default=0.0)
        return f"{target:g} % was never reached: the best epoch had {best:.2f} %"
    work = f", {FLOPS * cost.macs * effort.examples:.3g} operations" if cost.macs else ""
    epochs = counted(effort.epochs, "epoch")
    return (
        f"{target:g} % reached after {epochs}, {effort.seconds:.1f} s of training, {effort.examples:,} examples{work}"
    )

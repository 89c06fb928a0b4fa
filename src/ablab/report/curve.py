"""What a curve says: where overfitting begins, the gap at the end, the way to a target; and its picture in a line."""

from collections.abc import Sequence

from ablab.records import Cost, EpochRow

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Values as a row of blocks, the lowest and the highest block being the lowest and the highest value.

    >>> sparkline([0.1, 0.5, 0.9])
    '▁▅█'
    """
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    picked = [values[min(i + step, len(values)) - 1] for i in range(0, len(values), step)]
    low, high = min(picked), max(picked)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((value - low) * scale)] for value in picked)


def overfits_from(curve: Sequence[EpochRow]) -> int | None:
    """The epoch with the lowest validation loss, if behind it that loss rose by a twentieth while training's fell."""
    if not curve:
        return None
    lowest = min(curve, key=lambda row: row.val_loss)
    last = curve[-1]
    grew = last.val_loss > 1.05 * lowest.val_loss and last.train_loss < lowest.train_loss
    return lowest.epoch if grew else None


def fitting(curve: Sequence[EpochRow]) -> str:
    """Overfitting in words: the epoch from which on, and how far apart the two parts are at the end."""
    if not curve:
        return ""
    last = curve[-1]
    gap = 100 * (last.train_accuracy - last.val_accuracy)
    since = overfits_from(curve)
    ends = f"at the end training is {abs(gap):.1f} points {'above' if gap >= 0 else 'below'} validation"
    if since is None:
        return f"{ends} (training as it went, augmented); no sign of overfitting in the validation loss"
    return f"overfits from epoch {since} on: the validation loss rises while the training loss falls; {ends}"


def to_target(curve: Sequence[EpochRow], target: float, cost: Cost) -> str:
    """What it took to reach a validation accuracy, in percent: epochs, seconds, examples and operations."""
    taken: list[EpochRow] = []
    for row in curve:
        taken.append(row)
        if row.val_points >= target:
            examples = sum(one.examples for one in taken)
            # One forward pass is 2 operations a multiply-add, and the backward pass costs about twice as much.
            work = f", {6 * cost.macs * examples:.3g} operations" if cost.macs else ""
            seconds = sum(one.seconds for one in taken)
            epochs = f"{row.epoch} epoch{'s' * (row.epoch > 1)}"
            spent = f"{seconds:.1f} s of training, {examples:,} examples{work}"
            return f"{target:g} % reached after {epochs}, {spent}"
    best = max((row.val_accuracy for row in curve), default=0.0)
    return f"{target:g} % never reached: the best epoch had {100 * best:.2f} %"

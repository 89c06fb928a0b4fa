"""Which epoch counts, and when a run is over."""

from collections.abc import Sequence

from ablab import grammar
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement, missed_floor


def is_better(new: Measurement, best: Measurement | None) -> bool:
    """More images right; among equals the lower loss; among those the earlier epoch."""
    if best is None:
        return True
    return (new.accuracy, -new.loss) > (best.accuracy, -best.loss)


def reason_to_stop(recipe: Recipe, curve: Sequence[EpochRow], best: Measurement | None = None) -> str:
    """Why a run ends before its last epoch; empty if it goes on. All but `time` depends on the seed alone.

    A recipe that selects on the test images, which is a fault, stops by its best accuracy on them, too.
    """
    if not curve:
        return ""
    accuracies = [row.val_accuracy for row in curve]
    on, points = ("test", best.points) if recipe.select == "test" and best else ("validation", curve[-1].val_points)
    if recipe.target is not None and points >= recipe.target:
        return f"{on} accuracy reached {recipe.target:g} %"
    if (floor := missed_floor(recipe, curve)) is not None:
        return f"validation accuracy stayed below {floor:g} %"
    if recipe.patience is not None:
        top = max(range(len(curve)), key=lambda i: (accuracies[i], -curve[i].val_loss, -i))
        if len(curve) - 1 - top >= recipe.patience:
            return f"{recipe.patience} epochs without improvement on epoch {curve[top].epoch}"
    if recipe.time is not None and sum(row.seconds for row in curve) >= grammar.duration(recipe.time):
        return f"training took {recipe.time}"
    return ""

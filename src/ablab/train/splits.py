"""What a run trains on, is selected on and tested on, as its recipe says."""

from ablab.data.dataset import Dataset, Splits
from ablab.data.split import split
from ablab.recipe import Recipe


def splits_of(recipe: Recipe, dataset: Dataset, seed: int) -> Splits:
    """The splits of a recipe's data for a run with this seed."""
    return split(dataset, seed, fraction=recipe.val, split_seed=recipe.split_seed, train_images=recipe.train_images)

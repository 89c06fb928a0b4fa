"""What a run trains on, is selected on and tested on, as its recipe says."""

from ablab.data.dataset import Dataset, Splits
from ablab.data.split import split, training_counts
from ablab.recipe import Recipe


def splits_of(recipe: Recipe, dataset: Dataset, seed: int) -> Splits:
    """The splits of a recipe's data for a run with this seed."""
    return split(
        dataset,
        seed,
        fraction=recipe.val,
        split_seed=recipe.split_seed,
        train_images=recipe.train_images,
        data_fraction=recipe.data_fraction,
        imbalance=recipe.imbalance,
        label_noise=recipe.label_noise,
    )


def train_images_of(recipe: Recipe, dataset: Dataset) -> int:
    """How many images a run of the recipe trains on."""
    return sum(
        training_counts(
            dataset,
            fraction=recipe.val,
            train_images=recipe.train_images,
            data_fraction=recipe.data_fraction,
            imbalance=recipe.imbalance,
        )
    )

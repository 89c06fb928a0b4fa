"""What would only fail after the data is loaded and the weights are drawn, found before anything is trained."""

import torch

from ablab import grammar
from ablab.data.augment import check as check_augmentation
from ablab.data.augment.views import views
from ablab.data.dataset import Dataset
from ablab.errors import InputError, RecipeError
from ablab.models import Io, build
from ablab.models.initial import scheme
from ablab.recipe import Recipe
from ablab.train.average import make_average
from ablab.train.device import choose_hardware
from ablab.train.losses import make_loss
from ablab.train.schedule import lr_at
from ablab.train.state import optimizer_of


def check(recipe: Recipe, dataset: Dataset) -> None:
    """Raise for a recipe that cannot be trained on this data, every fault in one message."""
    channels, height, width = dataset.in_shape
    kept = (
        len(dataset.train) if dataset.val is not None else len(dataset.train) - round(recipe.val * len(dataset.train))
    )
    images = min(recipe.train_images or kept, kept)
    faults = []
    try:
        with torch.device("meta"):  # shapes without numbers: a network of any size costs nothing
            net = build(recipe.model, Io(channels, height, width, len(dataset.classes)), **recipe.options)
            optimizer_of(recipe, net)
            make_average(recipe.average, net)
    except InputError as error:
        faults.append(str(error))
    for tried in (
        lambda: check_augmentation(recipe.augment, dataset.in_shape),
        lambda: views(recipe.tta),
        lambda: scheme(recipe.init),
        lambda: lr_at(recipe.schedule, recipe.lr, 0, recipe.epochs),
        lambda: make_loss(recipe.loss),
        lambda: choose_hardware(recipe.precision, device=recipe.device, threads=recipe.threads),
    ):
        try:
            tried()
        except InputError as error:
            faults.append(str(error))
    if recipe.batch > images:
        faults.append(
            f"batch = {recipe.batch}: there are only {images} training images; try batch={max(images // 10, 1)}"
        )
    epochs = recipe.steps / -(-images // recipe.batch) if recipe.steps else recipe.epochs
    if recipe.warmup >= epochs:
        faults.append(f"warmup = {grammar.show(recipe.warmup)}: must be shorter than the {epochs:g} epochs of the run")
    if isinstance(recipe.batch_split, int) and recipe.batch_split > recipe.batch:
        faults.append(f"batch_split = {recipe.batch_split}: a batch has only {recipe.batch} images")
    if faults:
        raise RecipeError("\n".join(faults))

"""What only the data and the machine can show to be wrong with a recipe, found before anything is trained."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from ablab import grammar
from ablab.data.augment import check as check_augmentation
from ablab.data.dataset import Dataset
from ablab.errors import AblabError, DataError, Fault, InputError, RecipeError, Terminated
from ablab.models import Io, build
from ablab.models.shapes import shape_after
from ablab.operations import is_start, own_code
from ablab.own_code import BROKEN, told
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.losses import make_loss
from ablab.train.resolution import side_at
from ablab.train.schedule import lr_at
from ablab.train.splits import train_images_of
from ablab.train.state import optimizer_of, prepare
from ablab.train.together import ALONE, LEAST, Team
from ablab.train.whiten import first_convolution


def check(recipe: Recipe, dataset: Dataset, team: Team = ALONE, runs: Path | None = None) -> None:
    """Raise for a recipe that cannot be trained on this data, or not by several processes, with every fault.

    `runs` is the folder with the weights of other runs.
    """
    own = own_code(recipe.changes())
    faults = [fault for tried in _trials(recipe, dataset, team, runs) for fault in _faults(tried, own)]
    if faults := [*faults, *_number_faults(recipe, dataset), *_team_faults(recipe, team)]:
        raise RecipeError(faults)


def _trials(recipe: Recipe, dataset: Dataset, team: Team, runs: Path | None) -> Iterator[Callable[[], object]]:
    """What is tried on pictures of this size and on this machine."""
    classes = len(dataset.classes)

    def network() -> None:
        with torch.device("meta"):  # shapes without numbers: a network of any size costs nothing
            net = build(recipe.model, Io(*dataset.in_shape, classes), **recipe.options)
        prepare(recipe, net, classes, runs)
        optimizer_of(recipe, net)
        if recipe.whiten:
            first_convolution(net)
        if side := side_at(recipe.resolution, 0):
            shape_after(net, (dataset.in_shape[0], side, side), recipe.model)

    yield network
    weights = torch.ones(classes) if recipe.class_weights == "balanced" else None
    yield lambda: make_loss(recipe.loss, smoothing=recipe.label_smoothing, class_weights=weights)
    yield lambda: lr_at(recipe.schedule, recipe.lr, 0, 1)
    yield lambda: check_augmentation(recipe.augment, dataset.in_shape)
    yield lambda: choose_hardware(recipe.precision, device=recipe.device, threads=recipe.threads, card=team.card)


def _faults(tried: Callable[[], object], own: tuple[str, ...]) -> tuple[Fault, ...]:
    """What a trial finds wrong; an error that is none of ours is one of the user's own code, if there is some."""
    try:
        tried()
    except InputError as error:
        return error.faults
    except (AblabError, Terminated):
        raise
    except BROKEN as error:
        if not own:
            raise
        return (Fault("", f"{', '.join(own)}: {told(error)}"),)
    return ()


def _number_faults(recipe: Recipe, dataset: Dataset) -> Iterator[Fault]:
    """What does not go with the number of images."""
    try:
        images = train_images_of(recipe, dataset)
    except DataError as error:
        yield from error.faults
        return
    if recipe.batch > images:
        hint = f"try batch={max(images // 10, 1)}"
        yield Fault("batch", f"batch = {recipe.batch}: there are only {images} training images", "batch", hint)
    if recipe.whiten and is_start(recipe.init):
        message = f"whiten = {recipe.whiten}: it would replace the first convolution of the weights from init"
        yield Fault("whiten", message, "whiten", "leave out one of the two")
    epochs = recipe.steps / -(-images // recipe.batch) if recipe.steps else recipe.epochs
    if recipe.warmup >= epochs:
        message = f"warmup = {grammar.show(recipe.warmup)}: must be shorter than the {epochs:g} epochs of the run"
        yield Fault("warmup", message, "warmup")
    if isinstance(recipe.batch_split, int) and recipe.batch_split > recipe.batch:
        yield Fault("batch_split", f"batch_split = {recipe.batch_split}: a batch has only {recipe.batch} images")


def _team_faults(recipe: Recipe, team: Team) -> Iterator[Fault]:
    """What several processes cannot do together."""
    if team.size == 1:
        return
    if recipe.batch < team.size * LEAST:
        many = f"{team.size} processes need {LEAST} images each"
        yield Fault("batch", f"batch = {recipe.batch}: {many}", "batch", f"try batch={team.size * LEAST} or more")
    if recipe.sync_norm and recipe.batch_split != 1:
        message = f"batch_split = {recipe.batch_split}: sync_norm needs the whole batch at once"
        yield Fault("batch_split", message, "batch_split", "start more processes, or leave out one of the two")

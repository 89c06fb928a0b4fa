"""train(): the story of a run."""

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from ablab import keys
from ablab.data.augment import augmenter
from ablab.data.augment.views import views
from ablab.data.dataset import Splits
from ablab.errors import Diverged, ModelError
from ablab.models import Io
from ablab.models.blocks import key_dropout
from ablab.models.checks import suspicions
from ablab.models.initial import borrowed_generator
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement
from ablab.train.checkpoint import unpack
from ablab.train.device import choose_hardware
from ablab.train.events import EpochDone, Event, Finished, Noticed, Started
from ablab.train.measure import measure, packed
from ablab.train.pixels import pixels_of
from ablab.train.schedule import lr_at
from ablab.train.select import is_better
from ablab.train.state import initial_state
from ablab.train.step import make_step

FAR = 0.5  # an untrained loss this far from ln(classes) is worth a remark; default weights come within 0.05
SAMPLE = 64  # images that a network is looked at with before it is trained


def train(recipe: Recipe, splits: Splits, seed: int, checkpoint: bytes | None = None) -> Iterator[Event]:
    """Trains `recipe` with `seed`; yields an event at the start, after each epoch and at the end.

    With a checkpoint of the same recipe, seed and data it goes on from there, and ends as if it had never stopped.

    Between two events the run stands still: the caller may read `event.state` without copying it. A loss that is not
    finite ends it with Diverged.
    """
    begun = time.monotonic()
    examples, classes = splits.examples, len(splits.classes)
    channels, height, width = examples.images.shape[1:]
    hardware = choose_hardware(recipe.precision, own_network=":" in recipe.model)
    state = initial_state(recipe, Io(channels, height, width, classes), seed, hardware)
    pixels = pixels_of(examples, splits.train, hardware)
    step = make_step(state, pixels, hardware, smoothing=recipe.label_smoothing)
    sizes = batch_sizes(len(splits.train), recipe.batch)
    steps = recipe.epochs * len(sizes)
    seconds = 0.0

    def on_validation() -> Measurement:
        return measure(state.net, examples, splits.val, pixels=pixels, hardware=hardware, views=views(recipe.tta))[0]

    def on_test() -> tuple[Measurement, Tensor]:
        return measure(state.net, splits.test, None, pixels=pixels, hardware=hardware, views=views(recipe.tta))

    untrained_loss = on_validation().loss
    if not math.isfinite(untrained_loss):
        raise ModelError(f'"{recipe.model}" gives a loss of {untrained_loss} before any training')
    yield Started(
        parameters=sum(parameter.numel() for parameter in state.net.parameters()),
        device=hardware.name,
        precision=hardware.precision,
        threads=hardware.threads,
        train_images=len(splits.train),
        val_images=len(splits.val),
        untrained_loss=untrained_loss,
    )
    if abs(untrained_loss - math.log(classes)) > FAR:
        yield Noticed(
            f"the untrained network's loss is {untrained_loss:.2f}; even guessing among {classes} classes gives "
            f"{math.log(classes):.2f}, so its first outputs are too large"
        )

    some = splits.train[:: max(1, len(splits.train) // SAMPLE)][:SAMPLE]
    for text in suspicions(state.net, pixels(examples.images[some]), examples.labels[some].to(hardware.device)):
        yield Noticed(text)
    if checkpoint is not None:
        unpack(checkpoint, state)

    for epoch in range(state.epoch, recipe.epochs):
        clock = time.monotonic()
        augment = augmenter(
            recipe.augment, seed=seed, epoch=epoch, examples=examples, rows=splits.train, classes=classes
        )
        order = torch.randperm(len(splits.train), generator=keys.stream(seed, "order", epoch))
        key_dropout(state.net, seed, epoch)
        state.net.train()
        loss_sum = torch.zeros((), device=hardware.device)
        right = torch.zeros((), dtype=torch.int64, device=hardware.device)
        with borrowed_generator(keys.number(seed, "step", epoch), hardware.device):
            for i, rows in enumerate(torch.split(splits.train[order], sizes), start=epoch * len(sizes)):
                images, targets = augment(rows)  # u8[B,C,H,W], i64[B] or f32[B,K]
                lr = lr_at(recipe.schedule, recipe.lr, i, steps, recipe.warmup * len(sizes))
                loss, hits = step(images, targets, lr)
                loss_sum += loss
                right += hits
        # The only numbers that leave the device in an epoch: reading the loss at every step would empty the queue.
        train_loss, train_accuracy = loss_sum.item() / len(order), right.item() / len(order)
        took = time.monotonic() - clock
        seconds += took

        val = on_validation()
        if not math.isfinite(train_loss) or not math.isfinite(val.loss):
            raise diverged(epoch + 1, train_loss, val.loss, recipe)
        state.epoch = epoch + 1
        judged = on_test()[0] if recipe.select == "test" else val
        is_best = recipe.select == "last" or is_better(judged, state.best)
        if is_best:
            state.select(judged)
        row = EpochRow(epoch + 1, lr, train_loss, train_accuracy, val.loss, val.accuracy, took)
        yield EpochDone(row, is_best, state)

    state.restore_selected()
    test, given = on_test()  # the only look at the test images, unless the recipe selects on them
    yield Finished(
        selected_epoch=state.best_epoch,
        test=test,
        predictions=packed(given, classes),
        is_biased=recipe.select == "test",
        seconds=seconds,
        wall_seconds=time.monotonic() - begun,
    )


def batch_sizes(images: int, batch: int) -> list[int]:
    """How many images each step of an epoch takes; the last step takes what is left.

    A single image left over joins the step before: a batch norm has no variance over one value.

    >>> batch_sizes(10, 4), batch_sizes(9, 4)
    ([4, 4, 2], [4, 5])
    """
    sizes = [batch] * (images // batch) + [images % batch] * (images % batch > 0)
    if len(sizes) > 1 and batch > 1 and sizes[-1] == 1:
        return [*sizes[:-2], batch + 1]
    return sizes


def diverged(epoch: int, train_loss: float, val_loss: float, recipe: Recipe) -> Diverged:
    """The error of a run whose loss is no number any more: what, when, and what to try."""
    which, loss = ("validation", val_loss) if math.isfinite(train_loss) else ("training", train_loss)
    return Diverged(
        f"the {which} loss became {loss} in epoch {epoch} of {recipe.epochs}, at lr = {recipe.lr:g} with "
        f"{recipe.optimizer}; try a smaller learning rate, lr={recipe.lr / 10:g}, or a slower start, warmup=1"
    )

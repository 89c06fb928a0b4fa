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
from ablab.models.initial import borrowed_generator
from ablab.records import EpochRow
from ablab.recipe import Recipe
from ablab.train.device import choose_device
from ablab.train.events import EpochDone, Event, Finished, Noticed, Started
from ablab.train.measure import measure, packed
from ablab.train.schedule import lr_at
from ablab.train.select import is_better
from ablab.train.state import initial_state
from ablab.train.step import make_step, pixels_of


def train(recipe: Recipe, splits: Splits, seed: int) -> Iterator[Event]:
    """Trains `recipe` with `seed`; yields an event at the start, after each epoch and at the end.

    Between two events the run stands still: the caller may read `event.state` without copying it.
    """
    begun = time.monotonic()
    examples, classes = splits.examples, len(splits.classes)
    device = choose_device(recipe.precision)
    channels, height, width = examples.images.shape[1:]
    state = initial_state(recipe, Io(channels, height, width, classes), seed, device)
    pixels = pixels_of(examples, splits.train, device)
    step = make_step(state, pixels, device, recipe.label_smoothing)
    seen = views(recipe.tta)
    steps_an_epoch = math.ceil(len(splits.train) / recipe.batch)
    steps = recipe.epochs * steps_an_epoch

    untrained, _ = measure(state.net, examples, splits.val, pixels, device, seen)
    yield Started(
        parameters=sum(parameter.numel() for parameter in state.net.parameters()),
        device=device.name,
        precision=device.precision,
        threads=device.threads,
        train_images=len(splits.train),
        val_images=len(splits.val),
        untrained_loss=untrained.loss,
    )

    seconds = 0.0
    for epoch in range(recipe.epochs):
        clock = time.monotonic()
        augment = augmenter(
            recipe.augment, seed=seed, epoch=epoch, examples=examples, rows=splits.train, classes=classes
        )
        key_dropout(state.net, seed, epoch)
        state.net.train()
        loss_sum = torch.zeros((), device=device.torch)
        right = torch.zeros((), dtype=torch.int64, device=device.torch)
        lr = recipe.lr
        for i, rows in enumerate(batches(splits.train, recipe.batch, seed, epoch)):
            images, targets = augment(rows)
            lr = lr_at(recipe.schedule, recipe.lr, epoch * steps_an_epoch + i, steps, recipe.warmup * steps_an_epoch)
            loss, hits = step(images, targets, lr)
            loss_sum += loss
            right += hits
        train_loss = loss_sum.item() / len(splits.train)
        state.epoch = epoch + 1
        seconds += (took := time.monotonic() - clock)
        val, _ = measure(state.net, examples, splits.val, pixels, device, seen)
        if not math.isfinite(train_loss + val.loss):
            raise Diverged(f"the loss became {train_loss} in epoch {epoch + 1} (lr {lr:g})")
        row = EpochRow(epoch + 1, lr, train_loss, right.item() / len(splits.train), val.loss, val.accuracy, took)
        judged = measure(state.net, splits.test, None, pixels, device, seen)[0] if recipe.select == "test" else val
        is_best = recipe.select == "last" or is_better(judged, state.best)
        if is_best:
            state.keep(judged)
        yield EpochDone(row, is_best, state)

    state.restore_best()
    test, given = measure(state.net, splits.test, None, pixels, device, seen)
    yield Finished(
        selected_epoch=state.best_epoch,
        test=test,
        predictions=packed(given, classes),
        is_biased=recipe.select == "test",
        seconds=seconds,
        wall_seconds=time.monotonic() - begun,
    )


def batches(rows: Tensor, size: int, seed: int, epoch: int) -> tuple[Tensor, ...]:
    """The rows in the order of this epoch, cut into batches; the last one is kept, however small."""
    order = torch.randperm(len(rows), generator=keys.stream(seed, "order", epoch))
    return rows[order].split(size)

"""The range test (Smith 2015): a short training whose learning rate rises until the loss does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ablab import randomness
from ablab.catalogue import is_own
from ablab.data.augment import augmenter
from ablab.data.dataset import Splits
from ablab.models import Io
from ablab.models.blocks import key_dropout
from ablab.models.initial import borrowed_generator
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.frozen import keep_statistics
from ablab.train.losses import make_loss
from ablab.train.pixels import pixels_of
from ablab.train.state import initial_network, initial_state
from ablab.train.step import LOSS, make_step

LOW, HIGH = 1e-5, 10.0  # rates of the first and of the last step
SMOOTH = 0.9  # share of the running mean of losses that is kept at each step
BEYOND = 2.0  # the test is over when the mean loss is so many times its lowest
SAFE = 10.0  # the suggestion is so many times below the rate with the lowest loss, where training is no longer stable


@dataclass(frozen=True)
class RangeTest:
    """The rates that were tried, the running mean of the loss at each, and the rate to begin with."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None


def range_test(recipe: Recipe, splits: Splits, seed: int, steps: int = 300) -> RangeTest:
    """The recipe's training with a rate that rises from step to step; nothing of it is kept.

    Order, crops and dropout are drawn for epoch -1, which no run has, so a run afterwards is what it would have been.
    """
    examples, classes = splits.examples, len(splits.classes)
    channels, height, width = examples.images.shape[1:]
    net = initial_network(recipe, Io(channels, height, width, classes), seed)
    hardware = choose_hardware(
        recipe.precision, device=recipe.device, threads=recipe.threads, net=net, own_network=is_own(recipe.model)
    )
    state = initial_state(recipe, net, hardware)
    pixels = pixels_of(examples, splits.train, hardware)
    loss_of = make_loss(recipe.loss, smoothing=recipe.label_smoothing)
    step = make_step(state, pixels, hardware, loss_of, l1=recipe.l1, clip=recipe.clip, split=recipe.batch_split)
    augment = augmenter(recipe.augment, seed=seed, epoch=-1, examples=examples, rows=splits.train, classes=classes)
    order = torch.randperm(len(splits.train), generator=randomness.stream(seed, "range test"))
    key_dropout(net, seed, -1)
    net.train()
    keep_statistics(net)
    rates: list[float] = []
    losses: list[float] = []
    running, lowest = 0.0, math.inf
    with borrowed_generator(randomness.number(seed, "step", -1), hardware.device):
        for i in range(steps):
            rows = splits.train[order[torch.arange(i * recipe.batch, (i + 1) * recipe.batch) % len(order)]]
            rate = LOW * (HIGH / LOW) ** (i / (steps - 1))
            images, targets = augment(rows)
            loss = float(step(images, targets, rate)[LOSS]) / len(rows)
            running = SMOOTH * running + (1 - SMOOTH) * loss
            mean = running / (1 - SMOOTH ** (i + 1))
            if not math.isfinite(mean) or mean > BEYOND * lowest:
                break
            lowest = min(lowest, mean)
            rates.append(rate)
            losses.append(mean)
    return RangeTest(tuple(rates), tuple(losses), suggestion(rates, losses))


def suggestion(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """A rate some way below that with the lowest loss, to two figures; None where the loss hardly fell.

    >>> suggestion([0.001, 0.01, 0.1, 1.0], [2.3, 2.2, 1.5, 1.8])
    0.01
    """
    if not losses or min(losses) > 0.95 * losses[0]:
        return None
    best = rates[min(range(len(losses)), key=lambda i: losses[i])] / SAFE
    return float(f"{best:.2g}")

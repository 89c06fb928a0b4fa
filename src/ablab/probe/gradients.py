"""How large the gradient of each layer's weights is, before training and after each of its epochs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ablab.data.dataset import Splits
from ablab.events import EpochDone
from ablab.models import Io
from ablab.probe.landscape import Batch, drawn_batches, in_use, placed
from ablab.recipe import Recipe
from ablab.records import EpochRow
from ablab.train.loop import train
from ablab.train.losses import Loss, cross_entropy
from ablab.train.state import initial_network


@dataclass(frozen=True)
class LayerNorm:
    """The weights of one layer: how large they are, and how large the gradient of the loss with respect to them is."""

    layer: str
    gradient: float
    weights: float


@dataclass(frozen=True)
class EpochNorms:
    """The layers of a network in their order, after an epoch of training; epoch 0 is before the first."""

    epoch: int
    layers: tuple[LayerNorm, ...]
    row: EpochRow | None  # how the training stood then

    @property
    def spread(self) -> float:
        """The largest gradient over the smallest; infinite where a layer has none."""
        norms = [layer.gradient for layer in self.layers]
        return max(norms) / min(norms) if min(norms) > 0 else math.inf


def gradients(recipe: Recipe, splits: Splits, seed: int, *, images: int = 512) -> Iterator[EpochNorms]:
    """Trains the recipe, and gives the norms before the first epoch and after each; the training is what it always is.

    The gradient is that of the mean cross-entropy over the same few training images each time, without augmentation,
    in fp32, batch norm with the statistics of a batch as in training, and dropout off.
    """
    channels, height, width = splits.examples.images.shape[1:]
    net = initial_network(recipe, Io(channels, height, width, len(splits.classes)), seed)
    net, pixels = placed(net, recipe, splits)
    batches = drawn_batches(splits, pixels, seed=seed, purpose="gradients", images=images, size=recipe.batch)
    yield EpochNorms(0, layer_norms(net, batches), None)
    for event in train(recipe, splits, seed):
        if isinstance(event, EpochDone) and event.state:
            yield EpochNorms(event.row.epoch, layer_norms(event.state.net, batches), event.row)


def layer_norms(net: nn.Module, batches: Sequence[Batch], loss: Loss = cross_entropy) -> tuple[LayerNorm, ...]:
    """The norms of each layer's weights and of their gradient over all batches; the network stays as it is.

    A layer is whatever has weights with two dimensions or more: norms and biases are none.
    """
    total = sum(len(labels) for _, labels in batches)
    named = {name: one for name, one in net.named_parameters() if one.dim() > 1 and one.requires_grad}
    sums = [torch.zeros_like(weight) for weight in named.values()]
    with in_use(net, batches[0][0].device, batch_statistics=True):
        for images, labels in batches:
            statistics = {name: buffer.clone() for name, buffer in net.named_buffers()}
            with torch.enable_grad():
                mean = loss(functional_call(net, statistics, images), labels) * (len(labels) / total)
                slopes = torch.autograd.grad(mean, list(named.values()), materialize_grads=True)
            for one, slope in zip(sums, slopes, strict=True):
                one += slope
    return tuple(
        LayerNorm(name.removesuffix(".weight"), _norm(slope), _norm(weight.detach()))
        for (name, weight), slope in zip(named.items(), sums, strict=True)
    )


def _norm(values: Tensor) -> float:
    return float(torch.linalg.vector_norm(values.cpu().double()))

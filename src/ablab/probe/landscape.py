"""The loss around a network: along random directions that are scaled filter by filter (Li et al. 2018)."""

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm

from ablab import randomness
from ablab.catalogue import is_own
from ablab.data.dataset import Splits
from ablab.errors import DataError
from ablab.models.initial import borrowed_generator
from ablab.recipe import Recipe
from ablab.train.device import choose_hardware
from ablab.train.losses import Loss, cross_entropy
from ablab.train.pixels import Pixels, pixels_of
from ablab.train.trained import checked

BATCH = 250  # images at a time: the second derivative keeps what the first one made
# A difference this small beside the largest loss of its line is rounding. Against the same lines in fp64, losses in
# fp32 were off by 3e-8 of the largest at the median and by 2e-7 at most (simple-nn, preact10, resnet20; 500 images).
ROUNDING = 1e-6
BENDING = 2  # batches that the Hessian is taken on: a product with it takes 8 to 14 times as long as a loss
ENOUGH = 0.01  # the power iteration ends when its eigenvalue is this sure, as a share of it

Weights = dict[str, Tensor]
Batch = tuple[Tensor, Tensor]  # images f32[B,C,H,W] and their labels i64[B], on the device


def placed(net: nn.Module, recipe: Recipe, splits: Splits) -> tuple[nn.Module, Pixels]:
    """The network on the device of its recipe, to be looked at in fp32, and the normalisation of its images."""
    hardware = choose_hardware(
        "fp32",
        device=recipe.device,
        threads=recipe.threads,
        channels_last=recipe.channels_last,
        net=net,
        own_network=is_own(recipe.model),
    )
    there: nn.Module = net.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    return there, pixels_of(splits.examples, splits.train, hardware)


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of the Hessian: how strongly the loss bends where it bends most."""

    value: float
    within: float  # there is an eigenvalue no further than this from `value`
    products: int  # of the Hessian with a vector, that it took
    images: int


@dataclass(frozen=True)
class Landscape:
    """The loss at the weights, along lines through them, and on a plane where one was asked for."""

    images: int
    centre: float
    places: tuple[float, ...]  # where on a line: at 1 every filter was moved by its own norm
    lines: tuple[tuple[float, ...], ...]  # the loss at these places, for each direction
    plane: tuple[tuple[float, ...], ...] = ()  # rows go along the second direction, columns along the first
    sharpness: Sharpness | None = None

    @property
    def non_convexity(self) -> tuple[float, ...]:
        """For each line, the share of its bending that is downwards."""
        return tuple(map(non_convexity, self.lines))

    @property
    def descent(self) -> tuple[float, ...]:
        """For each line, the share of the ways outwards that goes down."""
        return tuple(map(descent, self.lines))

    @property
    def rise(self) -> tuple[float, ...]:
        """For each line, how much higher than in the middle the loss is at its ends, on average."""
        return tuple((line[0] + line[-1]) / 2 - self.centre for line in self.lines)


def landscape(
    net: nn.Module,
    batches: Sequence[Batch],
    seed: int,
    *,
    size: int = 1,
    steps: int = 25,
    span: float = 1.0,
    directions: int = 5,
    products: int = 20,
    loss: Loss = cross_entropy,
) -> Landscape:
    """The loss of a network on these images, from -span to span along each direction; the network stays as it is.

    With size 2, also on the plane of the first two directions. `products` is how many products with the Hessian its
    largest eigenvalue may take; with 0 it is left out.
    """
    with in_use(net, batches[0][0].device):
        loss_at = surface(net, batches, loss)
        centre, at = loss_at({}), places(steps, span)
        ways = [direction(net, seed, number) for number in range(max(directions, size))]
        lines = tuple(along(net, loss_at, way, at) for way in ways[:directions])
        plane = tuple(along(net, loss_at, ways[0], at, moved(net, ways[1], up)) for up in at) if size == 2 else ()
        sharp = sharpness(net, batches[:BENDING], seed, products=products, loss=loss) if products else None
    return Landscape(sum(len(labels) for _, labels in batches), centre, at, lines, plane, sharp)


def drawn_batches(splits: Splits, pixels: Pixels, *, seed: int, purpose: str, images: int, size: int) -> list[Batch]:
    """Training images as they are, without augmentation, drawn for this purpose alone, in batches of `size`.

    A single image left over joins the batch before it: a batch norm has no variance over one value.
    """
    drawn = torch.randperm(len(splits.train), generator=randomness.stream(seed, purpose))[:images]
    parts = list(torch.split(splits.train[drawn], size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    examples, device = splits.examples, pixels.scale.device
    return [(pixels(examples.images[rows]), examples.labels[rows].to(device)) for rows in parts]


@contextlib.contextmanager
def in_use(net: nn.Module, device: torch.device, *, batch_statistics: bool = False) -> Iterator[None]:
    """While it is open the network is as in use, and computes in whole fp32: bf16 or TF32 would show as roughness.

    Dropout is off, and batch norm has its running statistics, or those of each batch. Modes of layers and torch's
    generators are afterwards what they were.
    """
    modes = [(module, module.training) for module in net.modules()]
    for module, _ in modes:
        module.training = batch_statistics and isinstance(module, _BatchNorm)
    with contextlib.ExitStack() as stack:
        if device.type == "cuda":
            stack.enter_context(
                torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
            )
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))  # the others have no second derivative
        stack.enter_context(borrowed_generator(randomness.number(0, "landscape"), device))
        try:
            yield
        finally:
            for module, was_training in modes:
                module.training = was_training


def surface(net: nn.Module, batches: Sequence[Batch], loss: Loss = cross_entropy) -> Callable[[Weights], float]:
    """The mean loss over the batches as a function of weights; those that are not given are the network's own."""
    total = sum(len(labels) for _, labels in batches)

    @torch.no_grad()
    def loss_at(weights: Weights) -> float:
        losses = [loss(functional_call(net, weights, images), labels) * len(labels) for images, labels in batches]
        return math.fsum(torch.stack(losses).tolist()) / total

    return loss_at


def effort(net: nn.Module, batches: Sequence[Batch], *, size: int, steps: int, directions: int) -> tuple[int, float]:
    """How many losses a landscape takes, and about how many seconds that is, from one that is taken now."""
    losses = steps * directions + (steps * steps if size == 2 else 0) + 1
    with in_use(net, batches[0][0].device):
        loss_at = surface(net, batches)
        loss_at({})
        begun = time.monotonic()
        loss_at({})
    return losses, losses * (time.monotonic() - begun)


def direction(net: nn.Module, seed: int, number: int) -> Weights:
    """A random direction in which every filter is as long as the network's own.

    A filter is what makes one output: a channel of a convolution, a unit of a linear layer. Biases, norms and all else
    with one dimension are not in it, nor is what is not trained. Layers with the same name and shape in two networks
    are given the same draw.
    """
    made = {}
    for name, weight in net.named_parameters():
        if weight.dim() > 1 and weight.requires_grad:
            drawn = torch.randn(weight.shape, generator=randomness.stream(seed, f"landscape/{number}/{name}"))
            scale = filter_norms(weight.detach().cpu()) / filter_norms(drawn)
            made[name] = torch.empty_like(weight, requires_grad=False).copy_(drawn * scale)
    return made


def filter_norms(weight: Tensor) -> Tensor:
    """The norm of each filter, in a shape that it can be multiplied with."""
    norms: Tensor = torch.linalg.vector_norm(weight, dim=tuple(range(1, weight.dim())), keepdim=True)
    return norms


def moved(net: nn.Module, way: Weights, distance: float, start: Weights | None = None) -> Weights:
    """The weights so far along a direction, from `start` or from the network's own."""
    own = dict(net.named_parameters())
    return {name: ((start or own)[name] + distance * step).detach() for name, step in way.items()}


def along(
    net: nn.Module,
    loss_at: Callable[[Weights], float],
    way: Weights,
    at: Sequence[float],
    start: Weights | None = None,
) -> tuple[float, ...]:
    """The loss at each of these distances along a direction."""
    return tuple(loss_at(moved(net, way, distance, start)) for distance in at)


def places(steps: int, span: float) -> tuple[float, ...]:
    """So many places from -span to span, evenly apart; an odd number of them has 0 in the middle.

    >>> places(5, 1.0)
    (-1.0, -0.5, 0.0, 0.5, 1.0)
    """
    return tuple(span * (2 * i / (steps - 1) - 1) for i in range(steps))


def second_differences(losses: Sequence[float]) -> tuple[float, ...]:
    """How much the loss bends at each place within a line; nothing where a loss is not finite.

    >>> second_differences([4.0, 1.0, 0.0, 1.0, 0.0])
    (2.0, 2.0, -2.0)
    """
    triples = zip(losses, losses[1:], losses[2:], strict=False)
    return tuple(a - 2 * b + c for a, b, c in triples if math.isfinite(a + b + c))


def non_convexity(losses: Sequence[float]) -> float:
    """The sum of downward second differences over the sum of all, in size: 0 for a convex line, 1 for a concave one.

    It has no unit: a loss twice as high everywhere has the same. Bends that are no larger than rounding count as none.

    >>> non_convexity([4.0, 1.0, 0.0, 1.0, 4.0]), non_convexity([0.0, 1.0, 0.0, 1.0, 0.0])
    (0.0, 0.6666666666666666)
    """
    return _share_below_zero(second_differences(losses), losses)


def descent(losses: Sequence[float]) -> float:
    """Going outwards from the middle both ways, the way down over the whole way: 0 where the loss only rises.

    >>> descent([3.0, 1.0, 0.0, 1.0, 3.0]), descent([0.0, 1.0, 0.0, 1.0, 0.0])
    (0.0, 0.5)
    """
    middle = len(losses) // 2
    ways = losses[middle:], losses[middle::-1]
    steps = [b - a for way in ways for a, b in itertools.pairwise(way) if math.isfinite(b - a)]
    return _share_below_zero(steps, losses)


def _share_below_zero(steps: Sequence[float], losses: Sequence[float]) -> float:
    """What is below zero, as a share of the sum of sizes; nan where no loss can be compared with another."""
    if not steps:
        return math.nan
    noise = ROUNDING * max(abs(loss) for loss in losses if math.isfinite(loss))
    real = [step for step in steps if abs(step) > noise]
    total = math.fsum(map(abs, real))
    return math.fsum(-step for step in real if step < 0) / total if total else 0.0


def sharpness(
    net: nn.Module, batches: Sequence[Batch], seed: int, *, products: int = 20, loss: Loss = cross_entropy
) -> Sharpness:
    """The largest eigenvalue of the Hessian over all trained parameters, by power iteration from a random vector.

    That finds the eigenvalue that is largest in size. If it is below zero, the Hessian less this one times the identity
    has nothing below zero, and its largest leads to the one that is wanted.
    """
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    device = batches[0][0].device
    numbers = sum(parameter.numel() for parameter in trained)
    start = torch.randn(numbers, generator=randomness.stream(seed, "landscape/eigenvector")).to(trained[0]).to(device)

    def multiply(vector: Tensor) -> Tensor:
        return hessian_product(net, trained, batches, vector, loss)

    images = sum(len(labels) for _, labels in batches)
    value, within, used = power(multiply, start, products)
    if value < 0:
        above, within, more = power(lambda vector: multiply(vector) - value * vector, start, products)
        return Sharpness(above + value, within, used + more, images)
    return Sharpness(value, within, used, images)


def hessian_product(
    net: nn.Module, trained: Sequence[nn.Parameter], batches: Sequence[Batch], vector: Tensor, loss: Loss
) -> Tensor:
    """The Hessian of the mean loss times a vector, both over all trained parameters one after the other."""
    total = sum(len(labels) for _, labels in batches)
    product = torch.zeros_like(vector)
    cut = torch.split(vector, [parameter.numel() for parameter in trained])
    parts = [part.view_as(parameter) for part, parameter in zip(cut, trained, strict=True)]
    for images, labels in batches:
        with torch.enable_grad():
            mean = loss(net(images), labels)
            slopes = torch.autograd.grad(mean, trained, create_graph=True, materialize_grads=True)
            steepness = torch.stack([(slope * part).sum() for slope, part in zip(slopes, parts, strict=True)]).sum()
            bends = torch.autograd.grad(steepness, trained, materialize_grads=True)
        product += torch.cat([bend.flatten() for bend in bends]) * (len(labels) / total)
    return product


def power(
    multiply: Callable[[Tensor], Tensor], start: Tensor, products: int, enough: float = ENOUGH
) -> tuple[float, float, int]:
    """The eigenvalue largest in size of a symmetric matrix, how sure it is, and how many products it took.

    With |v| = 1 and r = v'Hv, some eigenvalue is within |Hv - rv| of r.
    """
    vector = start / start.norm()
    used = 0
    while True:
        product = multiply(vector)
        used += 1
        value = float(vector @ product)
        within = float((product - value * vector).norm())
        length = float(product.norm())
        if used >= products or within <= enough * abs(value) or not math.isfinite(length) or length == 0:
            return value, within, used
        vector = product / length


def read_weights(path: Path, net: nn.Module) -> None:
    """Put weights that a training kept into a network of the same recipe."""
    content = checked(path)
    try:
        net.load_state_dict(load(content))
    except (SafetensorError, RuntimeError) as error:
        raise DataError(f"{path}: these are not weights of this network: {error}") from None

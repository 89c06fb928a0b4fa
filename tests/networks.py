"""What the tests of networks share: networks without numbers, and what is counted in them."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablab.catalogue import Entry, catalogue
from ablab.models import Io, build
from ablab.models.initial import initialise

CIFAR10 = Io(3, 32, 32, 10)
CIFAR100 = Io(3, 32, 32, 100)


def code(entry: Entry) -> tuple[object, ...]:
    """What two names share that differ in numbers alone, such as depths and widths: the function and its words."""
    words = {key: it for key, it in entry.settings({}).items() if isinstance(it, (str, bool)) and key != "name"}
    return entry.module, entry.function, tuple(sorted(words.items()))


# The first name of each code: what holds for resnet20 holds for resnet110, and takes five times as long there.
EXAMPLES = sorted({code(entry): name for name, entry in reversed(catalogue("models", "model").items())}.values())


def outline(name: str, io: Io = CIFAR10, **options: Any) -> nn.Module:
    """The network on the meta device: shapes and names, no memory."""
    with torch.device("meta"):
        return build(name, io, **options)


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def megamacs(net: nn.Module, io: Io = CIFAR10) -> float:
    """Millions of multiply-adds for one image: half of what torch's own counter finds."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        net.eval()(torch.empty(1, *io.in_shape, device="meta"))
    return counter.get_total_flops() / 2e6


def children(net: nn.Module) -> str:
    """Names of the layers in order."""
    return " ".join(name for name, _ in net.named_children())


def shapes(net: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in net.named_parameters()}


def starting(name: str, io: Io = CIFAR10, seed: int = 0, **options: Any) -> dict[str, Tensor]:
    """Every initial weight by name."""
    net = initialise(build(name, io, **options), seed)
    return {key: parameter.detach() for key, parameter in net.named_parameters()}


def pictures(io: Io = CIFAR10, count: int = 2) -> Tensor:
    return torch.rand(count, *io.in_shape, generator=torch.Generator().manual_seed(0))

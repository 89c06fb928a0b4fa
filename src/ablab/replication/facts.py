"""What claims about size come to: numbers computed from networks that nobody trains."""

import functools
from collections.abc import Callable
from typing import Any

from ablab import grammar
from ablab.errors import InputError

CIFAR = (3, 32, 32)


def fact(text: str) -> float:
    """The number that a fact in words stands for.

    >>> round(fact("separable_ratio(64)"), 2)
    7.89
    """
    name, arguments = fact_call(text)
    if name not in FACTS:
        raise InputError(f'"{text}" is not a fact: {", ".join(FACTS)}')
    return float(FACTS[name](*arguments))


def fact_call(text: str) -> tuple[str, tuple[Any, ...]]:
    """A fact's name and arguments.

    >>> fact_call("mac_ratio(cnn4-dense, cnn3-dense)")
    ('mac_ratio', ('cnn4-dense', 'cnn3-dense'))
    """
    parsed = grammar.call(text)
    return parsed.name, parsed.args


def network(words: str, classes: int = 10) -> Any:
    """The arithmetic of a network for CIFAR's pictures, named with its options."""
    name, *options = words.split()
    return _network(name, classes, " ".join(options))


@functools.lru_cache(maxsize=64)
def _network(name: str, classes: int, options: str) -> Any:
    import torch

    from ablab.arithmetic import inspect
    from ablab.models import Io, build

    chosen = {key: grammar.value(text) for key, text in (grammar.assignments(options) if options else {}).items()}
    with torch.device("meta"):
        net = build(name, Io(*CIFAR, classes), **chosen)
    return inspect(net, CIFAR)


def _parameters(model: str) -> float:
    return float(network(model).parameters)


def _parameter_ratio(one: str, other: str) -> float:
    return float(network(one).parameters / network(other).parameters)


def _mac_ratio(one: str, other: str) -> float:
    return float(network(one).macs / network(other).macs)


def _convolution_share(model: str) -> float:
    """Of all parameters, those that convolutions hold."""
    table = network(model)
    return float(sum(row.parameters.value for row in table.rows if row.kind == "conv") / table.parameters)


def _weighted_layers(model: str) -> float:
    """Convolutions and dense layers, without those in shortcuts: what the number in a network's name counts."""
    rows = network(model).rows
    return float(sum(row.weighted for row in rows if "shortcut" not in row.path))


def _growth_with_depth(shallow: str, deep: str) -> float:
    """How the growth of parameters compares with that of layers: 1 is linear, and exponential growth is far above."""
    return _parameter_ratio(deep, shallow) / (_weighted_layers(deep) / _weighted_layers(shallow))


def _block_ratio(residual: int, convolution: int) -> float:
    """Parameters of a residual block of so many channels over those of a block with one convolution to fewer."""
    from ablab.arithmetic.formulas import batch_norm, conv

    def block(channels: int, filters: int) -> int:
        layers = conv((channels, 4, 4), filters, 3, padding=1, bias=False), batch_norm((filters, 4, 4))
        return sum(layer.parameters.value for layer in layers)

    return 2 * block(residual, residual) / block(residual, convolution)


def _separable_ratio(filters: int) -> float:
    """Multiply-adds of a 3x3 convolution over those of a depthwise separable one: 9N / (9 + N) for N filters."""
    from ablab.arithmetic.formulas import conv, depthwise_separable

    picture = (16, 8, 8)  # the ratio does not depend on its size
    full = conv(picture, filters, 3, padding=1)
    return full.macs.value / sum(layer.macs.value for layer in depthwise_separable(picture, filters, 3, padding=1))


def _norm_parameters(channels: int) -> float:
    from torch import nn

    return float(sum(parameter.numel() for parameter in nn.BatchNorm2d(channels).parameters()))


FACTS: dict[str, Callable[..., float]] = {
    "parameters": _parameters,
    "parameter_ratio": _parameter_ratio,
    "mac_ratio": _mac_ratio,
    "convolution_share": _convolution_share,
    "weighted_layers": _weighted_layers,
    "growth_with_depth": _growth_with_depth,
    "block_ratio": _block_ratio,
    "separable_ratio": _separable_ratio,
    "norm_parameters": _norm_parameters,
}

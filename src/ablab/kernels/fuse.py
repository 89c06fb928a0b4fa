"""fuse: a network with the chains of layers that kernels know run by them, over the same parameters and names."""

import copy
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ablab.kernels import small
from ablab.kernels.build import build


@dataclass(frozen=True, eq=False)
class Chain:
    """Blocks of convolution, ReLU and pooling, one behind the other; images that do not fit go through the layers."""

    layers: tuple[nn.Module, ...]

    @property
    def convs(self) -> list[nn.Conv2d]:
        return [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]

    def __call__(self, x: Tensor) -> Tensor:
        if small.fits(x, self.convs):
            return small.run(x, self.convs)
        for layer in self.layers:
            x = layer(x)
        return x


class Fused(nn.Sequential):
    """The layers of a Sequential under their names, with some of them run as chains."""

    def __init__(self, layers: "OrderedDict[str, nn.Module]", parts: Sequence[nn.Module | Chain]) -> None:
        super().__init__(layers)
        self.parts = tuple(parts)  # a tuple, so that no layer is registered twice

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x


def fuse(net: nn.Module, device: torch.device) -> nn.Module:
    """A network that trains the same parameters with kernels where they know its layers; else `net` itself.

    Layers are shared with `net`, so weights, buffers and names are the same. A container counts as a chain only if it
    is a plain Sequential: nobody can tell the order in which another one calls its layers.
    """
    if device.type != "cpu" or not _has_chain(net) or small.code() is None:
        return net
    return _fused(net)


def kernels_of(net: nn.Module) -> str:
    """Which kernels run in a fused network, for the facts about a run; nothing where none do."""
    return f"kernels {build('small').digest[:8]}" if any(isinstance(m, Fused) for m in net.modules()) else ""


def _fused(module: nn.Module) -> nn.Module:
    """The module with its chains replaced, in a shallow copy where it has any inside."""
    if not _has_chain(module):
        return module
    layers = OrderedDict((name, _fused(child)) for name, child in module.named_children())
    if _is_plain(module):
        fused = Fused(layers, list(_parts(list(layers.values()))))
        fused.training = module.training
        return fused
    twin = copy.copy(module)
    twin._modules = dict(module._modules) | dict(layers)
    return twin


def _has_chain(module: nn.Module) -> bool:
    return any(
        _is_plain(inner) and any(isinstance(part, Chain) for part in _parts(list(inner.children())))
        for inner in module.modules()
    )


def _is_plain(module: nn.Module) -> bool:
    return type(module) is nn.Sequential and _is_free(module)


def _parts(layers: list[nn.Module]) -> Iterator[nn.Module | Chain]:
    """Layers in order, with blocks that follow each other joined to one chain."""
    at = 0
    while at < len(layers):
        end = at
        while _is_block(layers[end : end + 3]):
            end += 3
        yield Chain(tuple(layers[at:end])) if end > at else layers[at]
        at = max(end, at + 1)


def _is_block(layers: list[nn.Module]) -> bool:
    """A convolution, ReLU and a pool of 2x2 pixels that nobody watches."""
    if [type(layer) for layer in layers] != [nn.Conv2d, nn.ReLU, nn.MaxPool2d]:
        return False
    conv, _, pool = layers
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(pool, nn.MaxPool2d)
    return small.is_known(conv) and _halves(pool) and all(map(_is_free, layers))


def _halves(pool: nn.MaxPool2d) -> bool:
    sizes = {one if isinstance(one, tuple) else (one, one) for one in (pool.kernel_size, pool.stride)}
    usual = (pool.padding, pool.dilation) in ((0, 1), ((0, 0), (1, 1)))
    return sizes == {(2, 2)} and usual and not pool.ceil_mode and not pool.return_indices


def _is_free(layer: nn.Module) -> bool:
    """No hook waits for what goes in, comes out or flows back."""
    hooks = (layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks, layer._backward_pre_hooks)
    return not any(hooks)

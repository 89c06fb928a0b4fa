"""fuse: a network with the chains of layers that kernels know run by them, over the same parameters and names."""

import copy
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ablab.kernels import flat, small
from ablab.kernels.build import build

FEW = 1 << 17  # weights of a dense layer that multiplies as fast in fp32 as with a cast to bf16 in front


@dataclass(frozen=True, eq=False)
class Chain:
    """Blocks of convolution, ReLU and pooling, one behind the other; images that do not fit go through the layers."""

    layers: tuple[nn.Module, ...]

    @property
    def convs(self) -> list[nn.Conv2d]:
        return [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]

    def of_bytes(self, crops: small.Crops, scale: Tensor, shift: Tensor) -> Tensor:
        return small.run_bytes(crops, scale, shift, self.convs)

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
        return self.behind(0, x)

    def behind(self, start: int, x: Tensor) -> Tensor:
        """What the parts from number `start` on make of x."""
        for part in self.parts[start:]:
            x = part(x)
        return x


def takes_bytes(net: nn.Module, shape: tuple[int, ...]) -> bool:
    """The network begins with a chain that normalizes bytes itself, and images of this shape [N,C,H,W] fit it."""
    chain = net.parts[0] if isinstance(net, Fused) else None
    return isinstance(chain, Chain) and small.has_room(shape, chain.convs)


def of_bytes(net: nn.Module, crops: small.Crops, scale: Tensor, shift: Tensor) -> Tensor:
    """What a network that `takes_bytes` gives for pixels * scale + shift, f32[C] each: they are never written."""
    assert isinstance(net, Fused)
    assert isinstance(net.parts[0], Chain)
    return net.behind(1, net.parts[0].of_bytes(crops, scale, shift))


def prefers_fp32(net: nn.Module, device: torch.device) -> bool:
    """Whether the network trains faster in fp32 than in bf16, with what kernels there are.

    That is so where chains do all of its large work, and on CPUs that multiply fp32 faster than bf16: there a step of
    cnn3-dense or resnet18 takes 0.73 of its time under autocast, and 0.77 with the convolutions of `flat`.
    """
    return device.type == "cpu" and (is_chained(net) or flat.is_faster_here())


def is_chained(net: nn.Module) -> bool:
    """Chains run all convolutions of the network, and what is left is too small for bf16 to gain anything.

    A step of simple-nn with a batch of 128 spends 1.5 ms in its three dense layers under autocast and 0.7 ms in fp32:
    casting weights and numbers takes longer than the products.
    """
    if type(net) is not nn.Sequential or small.code() is None:
        return False
    chained = {id(conv) for part in _parts(list(net)) if isinstance(part, Chain) for conv in part.convs}
    left = [layer for layer in net.modules() if id(layer) not in chained and list(layer.parameters(recurse=False))]
    return bool(chained) and all(isinstance(layer, nn.Linear) and layer.weight.numel() <= FEW for layer in left)


def fuse(net: nn.Module, device: torch.device, precision: str = "fp32") -> nn.Module:
    """A network that trains the same parameters with kernels where they know its layers; else `net` itself.

    Layers are shared with `net`, so weights, buffers and names are the same. A container counts as a chain only if it
    is a plain Sequential: nobody can tell the order in which another one calls its layers. In bf16, convolutions that
    are faster in kernels are replaced wherever they are.
    """
    if device.type != "cpu":
        return net
    if precision == "bf16" and flat.is_faster_here():
        net = _widened(net)
    return _fused(net) if small.code() else net


def kernels_of(net: nn.Module) -> str:
    """Which kernels run in a fused network, for the facts about a run; nothing where none do."""
    kinds = {"small": Fused, "flat": flat.Convolution}
    digests = [
        build(name).digest[:8] for name, kind in kinds.items() if any(isinstance(one, kind) for one in net.modules())
    ]
    return " ".join(["kernels", *digests]) if digests else ""


def _widened(module: nn.Module) -> nn.Module:
    """The module with convolutions over many channels replaced, in a shallow copy where it has any inside."""
    if type(module) is nn.Conv2d and flat.is_faster(module) and _is_free(module):
        return flat.Convolution.over(module)
    children = {name: _widened(child) for name, child in module.named_children()}
    return _with(module, children) if any(children[k] is not v for k, v in module.named_children()) else module


def _with(module: nn.Module, children: dict[str, nn.Module]) -> nn.Module:
    """A shallow copy of the module with these inside."""
    twin = copy.copy(module)
    twin._modules = {**module._modules, **children}
    return twin


def _fused(module: nn.Module) -> nn.Module:
    """The module with its chains replaced, in a shallow copy where it has any inside."""
    if not _has_chain(module):
        return module
    layers = OrderedDict((name, _fused(child)) for name, child in module.named_children())
    if _is_plain(module):
        fused = Fused(layers, list(_parts(list(layers.values()))))
        fused.training = module.training
        return fused
    return _with(module, layers)


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

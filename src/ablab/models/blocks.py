"""What all families share: norms, dropout, width; and stacks whose layers have names."""

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import get_args

import torch
from torch import Tensor, nn

from ablab import randomness
from ablab.errors import ModelError
from ablab.models.options import Convolution, Output, check_word
from ablab.models.part import Sharing


def stack(**layers: nn.Module | None) -> nn.Sequential:
    """Layers in order under their names; those that are None are left out.

    Names do not shift when a layer is added, and initial weights are drawn by name: so what two variants share starts
    out the same.
    """
    return nn.Sequential(OrderedDict((name, layer) for name, layer in layers.items() if layer is not None))


def scaled(channels: int, width: float) -> int:
    """`channels` times `width`, rounded, at least one.

    >>> scaled(8, 1.5), scaled(3, 0.1)
    (12, 1)
    """
    if not 0 < width < 1000:
        raise ModelError(f"width = {width}: write a factor above 0, such as 0.5 or 2")
    return max(1, round(channels * width))


def groups_for(channels: int) -> int:
    """How many groups a group norm has: 32 at most, 4 channels in each if there are so many (Wu & He 2018 use 32).

    >>> groups_for(8), groups_for(256), groups_for(7)
    (2, 32, 1)
    """
    return max(n for n in range(1, 33) if channels % n == 0 and (n == 1 or channels // n >= 4))


NORMS: dict[str, Callable[[int], nn.Module] | None] = {
    "none": None,
    "batch": nn.BatchNorm2d,
    "group": lambda channels: nn.GroupNorm(groups_for(channels), channels),
    "layer": lambda channels: nn.GroupNorm(1, channels),  # over all channels and pixels of one image
    "instance": functools.partial(nn.InstanceNorm2d, affine=True),
}


def norm(kind: str, channels: int) -> nn.Module | None:
    """The normalisation called `kind` for maps of `channels` channels; None for "none"."""
    check_word("norm", kind, NORMS)
    make = NORMS[kind]
    return make(channels) if make else None


def dense_norm(kind: str, features: int) -> nn.Module | None:
    """The normalisation called `kind` for vectors; None for "none", and for "instance": one number has no variance."""
    if kind == "batch":
        return nn.BatchNorm1d(features)
    return norm(kind, features) if kind != "instance" else None


CONVOLUTIONS = get_args(Convolution)


def conv3x3(
    kind: str, inputs: int, outputs: int, *, stride: int = 1, padding: int = 1, bias: bool = True, groups: int = 1
) -> nn.Module:
    """A 3x3 convolution; of kind "depthwise", the depthwise separable one in its place (Chollet 2017).

    That is one 3x3 filter for each input channel, then a 1x1 convolution, with neither a norm nor an activation
    between them. The stride is the first's; bias and groups are the second's, the first has no bias.
    """
    check_word("conv", kind, CONVOLUTIONS)
    if kind == "full":
        return nn.Conv2d(inputs, outputs, 3, stride, padding, groups=groups, bias=bias)
    return stack(
        depthwise=nn.Conv2d(inputs, inputs, 3, stride, padding, groups=inputs, bias=False),
        pointwise=nn.Conv2d(inputs, outputs, 1, groups=groups, bias=bias),
    )


class Residual(nn.Sequential):
    """What its layers make of the input, plus the input itself (He et al. 2015).

    Without the shortcut it is a plain `stack` of the same layers, so their names stay.
    """

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for layer in self:
            out = layer(out)
        return out + x


def residual(shortcut: bool, **layers: nn.Module | None) -> nn.Sequential:
    """Layers under their names with the shortcut around them, or without it."""
    made = stack(**layers)
    return Residual(OrderedDict(made.named_children())) if shortcut else made


class Projected(Residual):
    """The same with layers of its own in the shortcut; the other layers keep their names."""

    shortcut: nn.Module

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for name, layer in self.named_children():
            out = out if name == "shortcut" else layer(out)
        return out + self.shortcut(x)  # type: ignore[no-any-return]


def projected(shortcut: nn.Module, **layers: nn.Module | None) -> nn.Sequential:
    """Layers under their names, and beside them what the input goes through before it is added."""
    return Projected(OrderedDict([*stack(**layers).named_children(), ("shortcut", shortcut)]))


class Dropout(Sharing):
    """Zeroes a share of the values in training and scales up the rest, with masks from a generator of its own.

    The training loop sets `key = (seed, name, epoch)` before each epoch; every forward pass then draws the next mask.
    So masks depend neither on other layers nor on how an earlier epoch ended, and torch's global generator is not used.
    Processes that share a batch each draw the mask of the whole batch and take their images' rows of it.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ModelError(f"dropout = {rate}: write a share from 0 to below 1, such as 0.2")
        self.rate = rate
        self._key: tuple[int, str, int] = (0, "", 0)
        self._own: torch.Generator | None = None

    @property
    def key(self) -> tuple[int, str, int]:
        """What the masks of this epoch are drawn by: (seed, name, epoch)."""
        return self._key

    @key.setter
    def key(self, key: tuple[int, str, int]) -> None:
        is_new, self._key = key != self._key, key
        if self._own is not None and is_new:
            self._own.manual_seed(self._start())

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.rate or x.is_meta:
            return x
        shape = self._mask_shape(x)
        if self.part:
            shape = torch.Size([self.part.whole, *shape[1:]])
        mask = torch.empty(shape, dtype=x.dtype, device=x.device)
        mask.bernoulli_(1 - self.rate, generator=self.generator(x.device))
        if self.part:
            mask = mask[self.part.start : self.part.stop]
        return x * mask.div_(1 - self.rate)

    def _mask_shape(self, x: Tensor) -> torch.Size:
        return x.shape

    def generator(self, device: torch.device) -> torch.Generator:
        """The layer's generator, on the device of the values: a mask is as large as they are.

        It stays the same object from epoch to epoch: a recorded step draws from the one that it was recorded with.
        """
        if self._own is None or self._own.device != device:
            self._own = torch.Generator(device).manual_seed(self._start())
        return self._own

    def _start(self) -> int:
        seed, name, epoch = self._key
        return randomness.number(seed, f"dropout/{name}", epoch)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class Dropout2d(Dropout):
    """Zeroes whole channels of an image (Tompson et al. 2015): neighbouring pixels carry the same information."""

    def _mask_shape(self, x: Tensor) -> torch.Size:
        return torch.Size([*x.shape[:2], *[1] * (x.ndim - 2)])  # [B,C,1,1]


def output_end(kind: str) -> nn.Module | None:
    """What comes behind the last layer: nothing, as a loss on logits wants it, or a softmax, which is a fault."""
    check_word("output", kind, get_args(Output))
    return nn.Softmax(1) if kind == "softmax" else None


def dropout(rate: float, *, channelwise: bool = False) -> nn.Module | None:
    """A dropout layer, or None at rate 0."""
    made = Dropout2d(rate) if channelwise else Dropout(rate)
    return made if rate else None


def key_dropout(net: nn.Module, seed: int, epoch: int) -> None:
    """Give every dropout layer its generator for this epoch."""
    for name, module in net.named_modules():
        if isinstance(module, Dropout):
            module.key = (seed, name, epoch)

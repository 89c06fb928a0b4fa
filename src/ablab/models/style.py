"""Style: what stands around the weighted layers of a network; options that networks share are declared here, once."""

from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ablab.models import blocks
from ablab.models.activations import activation
from ablab.models.options import Activation, Convolution, Epsilon, Momentum, Norm, Output, Rate, Width


@dataclass(frozen=True, kw_only=True)
class Style:
    """Shared options with their defaults, in the order in which they are listed; None: the network has no such option.

    A network takes `style: Style = Style(shortcut=True)`, which says both which options it has and what they start
    from.
    """

    shortcut: bool | None = None
    projection: Literal["conv", "pad", "identity"] | None = None  # what a shortcut is; a family says where
    norm: Norm | None = "batch"
    norm_at: Literal["conv", "dense", "all"] | None = None
    norm_momentum: Momentum | None = 0.1  # of a batch norm: the share of the newest batch in its running mean
    norm_eps: Epsilon | None = 1e-5  # what a norm adds to a variance before it divides by its root
    activation: Activation = "relu"
    hidden_activation: Literal["same"] | Activation | None = None  # of dense layers
    dropout: Rate = 0.0
    dropout_at: str | None = None  # a family that has it declares its own words
    head_dropout: Rate | None = None
    width: Width = 1.0
    conv: Convolution | None = None
    output: Output | None = None

    @property
    def has_bias(self) -> bool:
        """Whether convolutions in front of a norm have a bias: only if there is no norm, which would cancel it."""
        return self.norm == "none"

    def scaled(self, channels: int) -> int:
        return blocks.scaled(channels, self.width)

    def normed(self, channels: int) -> nn.Module | None:
        return self._set(blocks.norm(self.norm or "none", channels))

    def dense_normed(self, features: int) -> nn.Module | None:
        return self._set(blocks.dense_norm(self.norm or "none", features))

    def _set(self, made: nn.Module | None) -> nn.Module | None:
        """A norm with the numbers that are asked for."""
        if made is not None:
            made.eps = self.norm_eps or made.eps  # type: ignore[assignment]
        if isinstance(made, _BatchNorm):
            made.momentum = self.norm_momentum or made.momentum
        return made

    def act(self) -> nn.Module:
        return activation(self.activation)

    def hidden_act(self) -> nn.Module:
        own = self.hidden_activation or "same"
        return activation(self.activation if own == "same" else own)

    def drop(self, *, channelwise: bool = False) -> nn.Module | None:
        return blocks.dropout(self.dropout, channelwise=channelwise)

    def conv3x3(
        self,
        inputs: int,
        outputs: int,
        stride: int = 1,
        *,
        padding: int = 1,
        groups: int = 1,
        bias: bool | None = None,  # None: has_bias
    ) -> nn.Module:
        kind, bias = self.conv or "full", self.has_bias if bias is None else bias
        return blocks.conv3x3(kind, inputs, outputs, stride=stride, padding=padding, groups=groups, bias=bias)

    def conv1x1(self, inputs: int, outputs: int, stride: int = 1) -> nn.Module:
        return nn.Conv2d(inputs, outputs, 1, stride, bias=self.has_bias)

    def residual(self, **layers: nn.Module | None) -> nn.Sequential:
        """Layers with the shortcut around them, or without it."""
        return blocks.residual(bool(self.shortcut), **layers)

    def end(self) -> nn.Module | None:
        """What comes behind the last layer."""
        return blocks.output_end(self.output or "linear")


@dataclass(frozen=True, kw_only=True)
class ConvStyle(Style):
    """What networks of 3x3 convolutions share: an option that all of them have gets its value here."""

    conv: Convolution = "full"

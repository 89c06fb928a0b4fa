"""resnet11 and resnet18-wide: a course report's own residual networks, with pools for strides, no ReLU after the sum.

Block k is convolution, norm, activation and sometimes a pool; residual k, where there is one, follows it with two
more convolutions of the same width. Convolutions have a bias only if there is no norm. Not the ResNets of He et al.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.activations import activation as act
from ablab.models.blocks import conv3x3, residual, scaled, stack
from ablab.models.blocks import dropout as drop
from ablab.models.blocks import norm as normed
from ablab.models.options import Activation, Convolution, Norm, Rate, Width, check_numbers, check_word
from ablab.models.shapes import shape_after

DropoutAt = Literal["conv", "residual", "all"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """What goes around the convolutions; dropout zeroes whole channels behind blocks, in residual ones, or both."""

    norm: str
    activation: str
    dropout: float
    dropout_at: str
    conv: str
    shortcut: bool

    def __post_init__(self) -> None:
        check_word("dropout_at", self.dropout_at, get_args(DropoutAt))


@mark(
    "model",
    "resnet11",
    summary="Five convolution, three residual blocks of 64 to 1028 (a published course report); 30,343,594 parameters.",
    defaults={"channels": [64, 128, 256, 512, 1028]},
    pooled=[2, 3, 4, 5],
    residuals=[2, 4, 5],
)
@mark(
    "model",
    "resnet18-wide",
    summary="Eight convolution, five residual blocks of 64 to 2056 (the same course report); 165,877,202 parameters.",
    defaults={"channels": [64, 128, 256, 512, 512, 1028, 2056, 1028]},
    pooled=[2, 4, 6, 8],
    residuals=[2, 4, 6, 7, 8],
)
def report_resnet(
    io: Io,
    *,
    name: str,
    pooled: Sequence[int],
    residuals: Sequence[int],
    channels: Sequence[int],
    shortcut: bool = True,
    norm: Norm = "batch",
    activation: Activation = "relu",
    dropout: Rate = 0.0,
    dropout_at: DropoutAt = "all",
    width: Width = 1.0,
    conv: Convolution = "full",
) -> nn.Module:
    """Blocks in order, residual ones behind some of them, a last pool, and one linear layer.

    The report's dropout is 0.2, of whole channels: behind each block, and behind each ReLU before the sum;
    `dropout_at` = conv, residual, all. What the report calls ResNet-18 (resnet18-wide) is fifteen times as large as the
    network that others call so.
    """
    style = Style(
        norm=norm, activation=activation, dropout=dropout, dropout_at=dropout_at, conv=conv, shortcut=shortcut
    )
    blocks = max(*pooled, *residuals)
    check_numbers("channels", channels, blocks, what="blocks")
    layers: dict[str, nn.Module] = {}
    inputs = io.channels
    for number, one in enumerate(channels, start=1):
        outputs = scaled(one, width)
        layers[f"block{number}"] = block(inputs, outputs, style, pool=number in pooled)
        if number in residuals:
            layers[f"residual{number}"] = residual_block(outputs, style)
        inputs = outputs
    features = stack(**layers, pool=nn.MaxPool2d(2), flatten=nn.Flatten())
    (flat,) = shape_after(features, io.in_shape, name)
    return stack(**dict(features.named_children()), head=nn.Linear(flat, io.classes))


def block(inputs: int, outputs: int, style: Style, *, pool: bool = False) -> nn.Sequential:
    """Convolution, norm, activation, and a 2x2 pool if there is one."""
    return stack(
        conv=conv3x3(style.conv, inputs, outputs, bias=style.norm == "none"),
        norm=normed(style.norm, outputs),
        act=act(style.activation),
        pool=nn.MaxPool2d(2) if pool else None,
        drop=drop(style.dropout, channelwise=True) if style.dropout_at != "residual" else None,
    )


def residual_block(channels: int, style: Style) -> nn.Sequential:
    """Two convolutions with norm and activation, plus what went in; nothing follows the sum."""
    rate = style.dropout if style.dropout_at != "conv" else 0.0
    bias = style.norm == "none"
    return residual(
        style.shortcut,
        conv1=conv3x3(style.conv, channels, channels, bias=bias),
        norm1=normed(style.norm, channels),
        act1=act(style.activation),
        drop1=drop(rate, channelwise=True),
        conv2=conv3x3(style.conv, channels, channels, bias=bias),
        norm2=normed(style.norm, channels),
        act2=act(style.activation),
        drop2=drop(rate, channelwise=True),
    )

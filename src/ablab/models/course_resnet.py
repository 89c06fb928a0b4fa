"""resnet11 and resnet18-wide: a course report's own residual networks, with pools for strides, no ReLU after the sum.

Block k is convolution, norm, activation and sometimes a pool; residual k, where there is one, follows it with two
more convolutions of the same width. Convolutions have a bias only if there is no norm. Not the ResNets of He et al.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import projected, stack
from ablab.models.options import check_numbers
from ablab.models.shapes import shape_after
from ablab.models.style import ConvStyle

Depth = Annotated[int, "[1, 64]"]


@dataclass(frozen=True, kw_only=True)
class CourseStyle(ConvStyle):
    """Dropout zeroes whole channels behind blocks, in residual ones, or both."""

    shortcut: bool = True
    projection: Literal["identity", "conv"] | None = "identity"  # of every shortcut
    dropout_at: Literal["conv", "residual", "all"] = "all"


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
def course_resnet(
    io: Io,
    *,
    name: str,
    pooled: Sequence[int],
    residuals: Sequence[int],
    channels: Sequence[int],
    depth: Depth = 1,
    style: CourseStyle = CourseStyle(),
) -> nn.Module:
    """Blocks in order, residual ones behind some of them, a last pool, and one linear layer.

    `depth` residual blocks follow one another where the report has one. Its dropout is 0.2, of whole channels: behind
    each block, and behind each ReLU before the sum; `dropout_at` = conv, residual, all. `projection` = conv puts a 1x1
    convolution with norm into every shortcut. What the report calls ResNet-18 (resnet18-wide) is fifteen times as large
    as the network that others call so.
    """
    blocks = max(*pooled, *residuals)
    check_numbers("channels", channels, blocks, what="blocks")
    layers: dict[str, nn.Module] = {}
    inputs = io.channels
    for number, one in enumerate(channels, start=1):
        outputs = style.scaled(one)
        layers[f"block{number}"] = block(inputs, outputs, style, pool=number in pooled)
        for turn in range(1, 1 + depth * (number in residuals)):
            layers[f"residual{number}" if turn == 1 else f"residual{number}_{turn}"] = residual_block(outputs, style)
        inputs = outputs
    features = stack(**layers, pool=nn.MaxPool2d(2), flatten=nn.Flatten())
    (flat,) = shape_after(features, io.in_shape, name)
    return stack(**dict(features.named_children()), head=nn.Linear(flat, io.classes))


def block(inputs: int, outputs: int, style: CourseStyle, *, pool: bool = False) -> nn.Sequential:
    """Convolution, norm, activation, and a 2x2 pool if there is one."""
    return stack(
        conv=style.conv3x3(inputs, outputs),
        norm=style.normed(outputs),
        act=style.act(),
        pool=nn.MaxPool2d(2) if pool else None,
        drop=style.drop(channelwise=True) if style.dropout_at != "residual" else None,
    )


def residual_block(channels: int, style: CourseStyle) -> nn.Sequential:
    """Two convolutions with norm and activation, plus what went in; nothing follows the sum."""
    has_dropout = style.dropout_at != "conv"
    is_projected = style.shortcut and style.projection == "conv"
    layers = {
        "conv1": style.conv3x3(channels, channels),
        "norm1": style.normed(channels),
        "act1": style.act(),
        "drop1": style.drop(channelwise=True) if has_dropout else None,
        "conv2": style.conv3x3(channels, channels),
        "norm2": style.normed(channels),
        "act2": style.act(),
        "drop2": style.drop(channelwise=True) if has_dropout else None,
    }
    if not is_projected:
        return style.residual(**layers)
    return projected(stack(conv=style.conv1x1(channels, channels), norm=style.normed(channels)), **layers)

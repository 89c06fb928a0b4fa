"""Residual networks for small pictures (He et al. 2015): a 3x3 stem, stages of blocks, a global mean, one linear layer.

Convolutions have a bias only if there is no norm. A block whose input has another shape than its output is given a
shortcut with weights (`projection = "conv"`: 1x1 convolution and norm, the paper's option B) or without
(`"pad"`: every second pixel, and channels of zeros, option A). `shortcut = false` takes all of them away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import check_numbers
from ablab.models.style import ConvStyle


@dataclass(frozen=True, kw_only=True)
class ResidualStyle(ConvStyle):
    """Dropout is between the convolutions of a block, before the last layer, or both."""

    shortcut: bool = True
    dropout_at: Literal["conv", "head", "all"] = "conv"

    def block_dropout(self) -> nn.Module | None:
        return self.drop() if self.dropout_at != "head" else None

    def last_dropout(self) -> nn.Module | None:
        return self.drop() if self.dropout_at != "conv" else None


@mark(
    "model",
    "resnet10",
    summary="ResNet-18 with one block a stage (for CIFAR); 4,903,242 parameters.",
    defaults={"blocks": [1, 1, 1, 1]},
    stages=4,
    bottleneck=False,
)
@mark(
    "model",
    "resnet18",
    summary="ResNet-18 with a 3x3 stem (He et al. 2015, for CIFAR); 11,173,962 parameters.",
    defaults={"blocks": [2, 2, 2, 2]},
    stages=4,
    bottleneck=False,
)
@mark(
    "model",
    "resnet34",
    summary="ResNet-34 with a 3x3 stem (He et al. 2015, for CIFAR); 21,282,122 parameters.",
    defaults={"blocks": [3, 4, 6, 3]},
    stages=4,
    bottleneck=False,
)
@mark(
    "model",
    "resnet50",
    summary="ResNet-50 with a 3x3 stem and bottleneck blocks (He et al. 2015, for CIFAR); 23,520,842 parameters.",
    defaults={"blocks": [3, 4, 6, 3]},
    stages=4,
    bottleneck=True,
)
@mark(
    "model",
    "resnet20",
    summary="ResNet-20 of the paper's CIFAR experiments (He et al. 2015); 269,722 parameters.",
    defaults={"blocks": [3, 3, 3], "channels": [16, 32, 64], "projection": "pad"},
    stages=3,
    bottleneck=False,
)
@mark(
    "model",
    "resnet32",
    summary="ResNet-32 of the paper's CIFAR experiments (He et al. 2015); 464,154 parameters.",
    defaults={"blocks": [5, 5, 5], "channels": [16, 32, 64], "projection": "pad"},
    stages=3,
    bottleneck=False,
)
@mark(
    "model",
    "resnet44",
    summary="ResNet-44 of the paper's CIFAR experiments (He et al. 2015); 658,586 parameters.",
    defaults={"blocks": [7, 7, 7], "channels": [16, 32, 64], "projection": "pad"},
    stages=3,
    bottleneck=False,
)
@mark(
    "model",
    "resnet56",
    summary="ResNet-56 of the paper's CIFAR experiments (He et al. 2015); 853,018 parameters.",
    defaults={"blocks": [9, 9, 9], "channels": [16, 32, 64], "projection": "pad"},
    stages=3,
    bottleneck=False,
)
@mark(
    "model",
    "resnet110",
    summary="ResNet-110 of the paper's CIFAR experiments (He et al. 2015); 1,727,962 parameters.",
    defaults={"blocks": [18, 18, 18], "channels": [16, 32, 64], "projection": "pad"},
    stages=3,
    bottleneck=False,
)
def resnet(
    io: Io,
    *,
    stages: int,
    bottleneck: bool,
    blocks: Sequence[int],
    channels: Sequence[int] = [64, 128, 256, 512],
    style: ResidualStyle = ResidualStyle(projection="conv"),
) -> nn.Module:
    """A stem, `stages` stages of residual blocks, each at half the side of the one before, and one linear layer."""
    check_numbers("blocks", blocks, stages)
    check_numbers("channels", channels, stages)
    make = bottleneck_block if bottleneck else basic_block
    inputs = style.scaled(channels[0])
    layers: dict[str, nn.Module | None] = {
        "conv": style.conv3x3(io.channels, inputs),
        "norm": style.normed(inputs),
        "act": style.act(),
    }
    for stage, (depth, one) in enumerate(zip(blocks, channels, strict=True), start=1):
        inner = style.scaled(one)
        outputs = inner * (4 if bottleneck else 1)
        made = {}
        for number in range(1, depth + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            made[f"block{number}"] = Block(
                make(inputs, inner, outputs, stride, style),
                skip(inputs, outputs, stride, style),
                style.act(),
            )
            inputs = outputs
        layers[f"stage{stage}"] = stack(**made)
    return stack(
        **layers,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=style.last_dropout(),
        head=nn.Linear(inputs, io.classes),
    )


class Block(nn.Module):
    """What the layers make of the input, plus the input by its shortcut, through an activation."""

    def __init__(self, main: nn.Module, shortcut: nn.Module | None, activation: nn.Module) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut
        self.act = activation

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.main(x)
        if self.shortcut is not None:
            out = out + self.shortcut(x)
        return self.act(out)  # type: ignore[no-any-return]


class Pad(nn.Module):
    """Every `stride`-th pixel, and channels of zeros behind those that are there: a shortcut without weights."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.more, self.stride = outputs - inputs, stride

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))

    def extra_repr(self) -> str:
        return f"more={self.more}, stride={self.stride}"


def basic_block(inputs: int, inner: int, outputs: int, stride: int, style: ResidualStyle) -> nn.Sequential:
    """Two 3x3 convolutions with norms; the activation behind the sum is the block's."""
    return stack(
        conv1=style.conv3x3(inputs, inner, stride),
        norm1=style.normed(inner),
        act1=style.act(),
        drop=style.block_dropout(),
        conv2=style.conv3x3(inner, outputs),
        norm2=style.normed(outputs),
    )


def bottleneck_block(inputs: int, inner: int, outputs: int, stride: int, style: ResidualStyle) -> nn.Sequential:
    """1x1 to fewer channels, 3x3, 1x1 back to four times as many; the 3x3 has the stride."""
    return stack(
        conv1=style.conv1x1(inputs, inner),
        norm1=style.normed(inner),
        act1=style.act(),
        conv2=style.conv3x3(inner, inner, stride),
        norm2=style.normed(inner),
        act2=style.act(),
        drop=style.block_dropout(),
        conv3=style.conv1x1(inner, outputs),
        norm3=style.normed(outputs),
    )


def skip(inputs: int, outputs: int, stride: int, style: ResidualStyle) -> nn.Module | None:
    """The shortcut past a block; None where the style has none."""
    if not style.shortcut:
        return None
    if inputs == outputs and stride == 1:
        return nn.Identity()
    if style.projection == "pad" and outputs >= inputs:
        return Pad(inputs, outputs, stride)
    return stack(conv=style.conv1x1(inputs, outputs, stride), norm=style.normed(outputs))

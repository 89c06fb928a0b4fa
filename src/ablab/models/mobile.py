"""MobileNets for small pictures: convolutions taken apart into one that looks around and one that mixes channels.

In the form that is best known for CIFAR: fewer strides than for ImageNet, because the pictures are small already.
Convolutions have a bias only if there is no norm.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.activations import activation as act
from ablab.models.blocks import dropout as drop
from ablab.models.blocks import norm as normed
from ablab.models.blocks import scaled, stack
from ablab.models.options import Activation, Norm, Rate, Width, check_numbers

BLOCKS, HALVING = 13, (2, 4, 6, 12)  # of MobileNet, and those of stride 2
STAGES = ((1, 1), (6, 1), (6, 2), (6, 2), (6, 1), (6, 2), (6, 1))  # of MobileNetV2: expansion and stride


@mark("model", "mobilenet")
def mobilenet(
    io: Io,
    *,
    channels: Sequence[int] = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024],
    norm: Norm = "batch",
    activation: Activation = "relu",
    dropout: Rate = 0.0,
    width: Width = 1.0,
) -> nn.Module:
    """MobileNet (Howard et al. 2017, for CIFAR); 3,217,226 parameters.

    Thirteen blocks of a 3x3 depthwise and a 1x1 convolution; dropout is before the last layer.
    """
    check_numbers("channels", channels, BLOCKS, what="blocks")
    inputs = scaled(32, width)
    layers: dict[str, nn.Module | None] = dict(_convolution(io.channels, inputs, 3, norm, activation).named_children())
    for number, one in enumerate(channels, start=1):
        outputs = scaled(one, width)
        stride = 2 if number in HALVING else 1
        layers[f"block{number}"] = stack(
            depthwise=_convolution(inputs, inputs, 3, norm, activation, stride=stride, groups=inputs),
            pointwise=_convolution(inputs, outputs, 1, norm, activation),
        )
        inputs = outputs
    return _headed(layers, inputs, io.classes, dropout)


@mark("model", "mobilenetv2")
def mobilenetv2(
    io: Io,
    *,
    channels: Sequence[int] = [16, 24, 32, 64, 96, 160, 320],
    blocks: Sequence[int] = [1, 2, 3, 4, 3, 3, 1],
    shortcut: bool = True,
    norm: Norm = "batch",
    activation: Activation = "relu",
    dropout: Rate = 0.0,
    width: Width = 1.0,
) -> nn.Module:
    """MobileNetV2 (Sandler et al. 2018, for CIFAR); 2,296,922 parameters.

    Blocks widen, look around, and narrow again without an activation. As in the best-known implementation for CIFAR,
    the activation is ReLU (the paper's: ReLU6), and every block of stride 1 has a shortcut, by a 1x1 convolution
    where channels change. Dropout is before the last layer.
    """
    check_numbers("channels", channels, len(STAGES))
    check_numbers("blocks", blocks, len(STAGES))
    inputs = scaled(32, width)
    layers: dict[str, nn.Module | None] = dict(_convolution(io.channels, inputs, 3, norm, activation).named_children())
    for stage, (depth, one, (expansion, first)) in enumerate(zip(blocks, channels, STAGES, strict=True), start=1):
        outputs, made = scaled(one, width), {}
        for number in range(1, depth + 1):
            stride = first if number == 1 else 1
            made[f"block{number}"] = _inverted(inputs, outputs, expansion, stride, shortcut, norm, activation)
            inputs = outputs
        layers[f"stage{stage}"] = stack(**made)
    last = scaled(1280, width)
    layers["last"] = _convolution(inputs, last, 1, norm, activation)
    return _headed(layers, last, io.classes, dropout)


class Inverted(nn.Module):
    """A wide block between two narrow ends, and what went in beside it where there is a shortcut."""

    def __init__(self, main: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.main(x)
        return out if self.shortcut is None else out + self.shortcut(x)


def _inverted(
    inputs: int, outputs: int, expansion: int, stride: int, shortcut: bool, norm: str, activation: str
) -> Inverted:
    inner = inputs * expansion
    past: nn.Module | None = None
    if shortcut and stride == 1:
        past = nn.Identity() if inputs == outputs else _convolution(inputs, outputs, 1, norm, None)
    return Inverted(
        stack(
            widen=_convolution(inputs, inner, 1, norm, activation),
            depthwise=_convolution(inner, inner, 3, norm, activation, stride=stride, groups=inner),
            narrow=_convolution(inner, outputs, 1, norm, None),
        ),
        past,
    )


def _convolution(
    inputs: int, outputs: int, kernel: int, norm: str, activation: str | None, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, norm, and an activation if there is one."""
    return stack(
        conv=nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=norm == "none"),
        norm=normed(norm, outputs),
        act=act(activation) if activation else None,
    )


def _headed(layers: dict[str, nn.Module | None], inputs: int, classes: int, dropout: float) -> nn.Sequential:
    return stack(
        **layers,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=drop(dropout),
        head=nn.Linear(inputs, classes),
    )

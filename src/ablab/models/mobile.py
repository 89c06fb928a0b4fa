"""MobileNets for small pictures: convolutions taken apart into one that looks around and one that mixes channels.

In the form that is best known for CIFAR: fewer strides than for ImageNet, because the pictures are small already.
Convolutions have a bias only if there is no norm.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import check_numbers
from ablab.models.style import Style

BLOCKS, HALVING = 13, (2, 4, 6, 12)  # of MobileNet, and those of stride 2
STAGES = ((1, 1), (6, 1), (6, 2), (6, 2), (6, 1), (6, 2), (6, 1))  # of MobileNetV2: expansion and stride


@mark("model", "mobilenet")
def mobilenet(
    io: Io,
    *,
    channels: Sequence[int] = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024],
    style: Style = Style(),
) -> nn.Module:
    """MobileNet (Howard et al. 2017, for CIFAR); 3,217,226 parameters.

    Thirteen blocks of a 3x3 depthwise and a 1x1 convolution; dropout is before the last layer.
    """
    check_numbers("channels", channels, BLOCKS, what="blocks")
    inputs = style.scaled(32)
    layers: dict[str, nn.Module | None] = dict(_convolution(io.channels, inputs, 3, style).named_children())
    for number, one in enumerate(channels, start=1):
        outputs = style.scaled(one)
        stride = 2 if number in HALVING else 1
        layers[f"block{number}"] = stack(
            depthwise=_convolution(inputs, inputs, 3, style, stride=stride, groups=inputs),
            pointwise=_convolution(inputs, outputs, 1, style),
        )
        inputs = outputs
    return _headed(layers, inputs, io.classes, style)


@mark("model", "mobilenetv2")
def mobilenetv2(
    io: Io,
    *,
    channels: Sequence[int] = [16, 24, 32, 64, 96, 160, 320],
    blocks: Sequence[int] = [1, 2, 3, 4, 3, 3, 1],
    style: Style = Style(shortcut=True),
) -> nn.Module:
    """MobileNetV2 (Sandler et al. 2018, for CIFAR); 2,296,922 parameters.

    Blocks widen, look around, and narrow again without an activation. As in the best-known implementation for CIFAR,
    the activation is ReLU (the paper's: ReLU6), and every block of stride 1 has a shortcut, by a 1x1 convolution
    where channels change. Dropout is before the last layer.
    """
    check_numbers("channels", channels, len(STAGES))
    check_numbers("blocks", blocks, len(STAGES))
    inputs = style.scaled(32)
    layers: dict[str, nn.Module | None] = dict(_convolution(io.channels, inputs, 3, style).named_children())
    for stage, (depth, one, (expansion, first)) in enumerate(zip(blocks, channels, STAGES, strict=True), start=1):
        outputs, made = style.scaled(one), {}
        for number in range(1, depth + 1):
            stride = first if number == 1 else 1
            made[f"block{number}"] = _inverted(inputs, outputs, expansion, stride, style)
            inputs = outputs
        layers[f"stage{stage}"] = stack(**made)
    last = style.scaled(1280)
    layers["last"] = _convolution(inputs, last, 1, style)
    return _headed(layers, last, io.classes, style)


class Inverted(nn.Module):
    """A wide block between two narrow ends, and what went in beside it where there is a shortcut."""

    def __init__(self, main: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.main(x)
        return out if self.shortcut is None else out + self.shortcut(x)


def _inverted(inputs: int, outputs: int, expansion: int, stride: int, style: Style) -> Inverted:
    inner = inputs * expansion
    past: nn.Module | None = None
    if style.shortcut and stride == 1:
        past = nn.Identity() if inputs == outputs else _convolution(inputs, outputs, 1, style, is_activated=False)
    return Inverted(
        stack(
            widen=_convolution(inputs, inner, 1, style),
            depthwise=_convolution(inner, inner, 3, style, stride=stride, groups=inner),
            narrow=_convolution(inner, outputs, 1, style, is_activated=False),
        ),
        past,
    )


def _convolution(
    inputs: int, outputs: int, kernel: int, style: Style, *, stride: int = 1, groups: int = 1, is_activated: bool = True
) -> nn.Sequential:
    """Convolution, norm, and its activation unless there is none."""
    return stack(
        conv=nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=style.has_bias),
        norm=style.normed(outputs),
        act=style.act() if is_activated else None,
    )


def _headed(layers: dict[str, nn.Module | None], inputs: int, classes: int, style: Style) -> nn.Sequential:
    return stack(
        **layers,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=style.drop(),
        head=nn.Linear(inputs, classes),
    )

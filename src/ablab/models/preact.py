"""Pre-activation residual networks (He et al. 2016): norm and activation stand before each convolution, not behind."""

from collections.abc import Sequence

from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import check_numbers
from ablab.models.resnet import ResidualStyle


@mark("model", "preactresnet18")
def preactresnet18(
    io: Io,
    *,
    blocks: Sequence[int] = [2, 2, 2, 2],
    channels: Sequence[int] = [64, 128, 256, 512],
    style: ResidualStyle = ResidualStyle(),
) -> nn.Module:
    """ResNet-18 with pre-activation blocks (He et al. 2016, for CIFAR); 11,171,146 parameters.

    As in the best-known implementation for CIFAR, shortcuts that change the shape are a 1x1 convolution without a norm,
    and no norm follows the last block.
    """
    check_numbers("blocks", blocks, 4)
    check_numbers("channels", channels, 4)
    stem = style.scaled(channels[0])
    layers, outputs = stages(stem, [style.scaled(one) for one in channels], blocks, style)
    return stack(
        conv=style.conv3x3(io.channels, stem),
        **layers,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=style.last_dropout(),
        head=nn.Linear(outputs, io.classes),
    )


class PreBlock(nn.Module):
    """Norm, activation, and from there two convolutions and, where the shape changes, the shortcut."""

    def __init__(self, before: nn.Module, main: nn.Module, shortcut: nn.Module | None, *, is_same: bool) -> None:
        super().__init__()
        self.before = before
        self.main = main
        self.shortcut = shortcut
        self.is_same = is_same

    def forward(self, x: Tensor) -> Tensor:
        ready = self.before(x)
        out: Tensor = self.main(ready)
        if self.shortcut is not None:
            out = out + self.shortcut(x if self.is_same else ready)
        return out


def stages(
    inputs: int, channels: Sequence[int], blocks: Sequence[int], style: ResidualStyle
) -> tuple[dict[str, nn.Module], int]:
    """Stages of pre-activation blocks, each but the first at half the side of the one before; and the last channels."""
    layers: dict[str, nn.Module] = {}
    for stage, (depth, outputs) in enumerate(zip(blocks, channels, strict=True), start=1):
        made = {}
        for number in range(1, depth + 1):
            made[f"block{number}"] = pre_block(inputs, outputs, 2 if stage > 1 and number == 1 else 1, style)
            inputs = outputs
        layers[f"stage{stage}"] = stack(**made)
    return layers, inputs


def pre_block(inputs: int, outputs: int, stride: int, style: ResidualStyle) -> PreBlock:
    is_same = inputs == outputs and stride == 1
    past = nn.Identity() if is_same else style.conv1x1(inputs, outputs, stride)
    return PreBlock(
        stack(norm=style.normed(inputs), act=style.act()),
        stack(
            conv1=style.conv3x3(inputs, outputs, stride),
            norm=style.normed(outputs),
            act=style.act(),
            drop=style.block_dropout(),
            conv2=style.conv3x3(outputs, outputs),
        ),
        past if style.shortcut else None,
        is_same=is_same,
    )

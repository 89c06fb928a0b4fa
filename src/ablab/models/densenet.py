"""DenseNet: every layer reads what all layers before it in its stage have made (Huang et al. 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import check_numbers
from ablab.models.style import ConvStyle

STAGES = 4


@mark("model", "densenet121")
def densenet121(
    io: Io,
    *,
    blocks: Sequence[int] = [6, 12, 24, 16],
    growth: int = 32,
    style: ConvStyle = ConvStyle(),
) -> nn.Module:
    """DenseNet-121 with a 3x3 stem (Huang et al. 2017, for CIFAR); 6,956,298 parameters.

    Four stages of `blocks` layers, each of which adds `growth` channels; between stages channels and sides are halved.
    The paper's dropout, 0.2 on CIFAR without augmentation, is behind every 3x3 convolution.
    """
    check_numbers("blocks", blocks, STAGES)
    if growth < 1:
        raise ModelError(f"growth = {growth}: write a whole number of at least 1")
    added = style.scaled(growth)
    channels = 2 * added
    layers: dict[str, nn.Module | None] = {"conv": style.conv3x3(io.channels, channels)}
    for stage, depth in enumerate(blocks, start=1):
        made = {}
        for number in range(1, depth + 1):
            made[f"layer{number}"] = Dense(
                norm1=style.normed(channels),
                act1=style.act(),
                conv1=style.conv1x1(channels, 4 * added),
                norm2=style.normed(4 * added),
                act2=style.act(),
                conv2=style.conv3x3(4 * added, added),
                drop=style.drop(),
            )
            channels += added
        layers[f"stage{stage}"] = stack(**made)
        if stage < STAGES:
            layers[f"transition{stage}"] = stack(
                norm=style.normed(channels),
                act=style.act(),
                conv=style.conv1x1(channels, channels // 2),
                pool=nn.AvgPool2d(2),
            )
            channels //= 2
    return stack(
        **layers,
        norm=style.normed(channels),
        act=style.act(),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        head=nn.Linear(channels, io.classes),
    )


class Dense(nn.Module):
    """What the layers make of the input, in front of the input itself."""

    def __init__(self, **layers: nn.Module | None) -> None:
        super().__init__()
        self.main = stack(**layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.main(x), x], 1)

"""DenseNet: every layer reads what all layers before it in its stage have made (Huang et al. 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.activations import activation as act
from ablab.models.blocks import CONVOLUTIONS, conv3x3, scaled, stack
from ablab.models.blocks import dropout as drop
from ablab.models.blocks import norm as normed
from ablab.models.options import Activation, Convolution, Norm, Rate, Width, check_numbers, check_word

STAGES = 4


@mark("model", "densenet121")
def densenet121(
    io: Io,
    *,
    blocks: Sequence[int] = [6, 12, 24, 16],
    growth: int = 32,
    norm: Norm = "batch",
    activation: Activation = "relu",
    dropout: Rate = 0.0,
    width: Width = 1.0,
    conv: Convolution = "full",
) -> nn.Module:
    """DenseNet-121 with a 3x3 stem (Huang et al. 2017, for CIFAR); 6,956,298 parameters.

    Four stages of `blocks` layers, each of which adds `growth` channels; between stages channels and sides are halved.
    The paper's dropout, 0.2 on CIFAR without augmentation, is behind every 3x3 convolution.
    """
    check_numbers("blocks", blocks, STAGES)
    check_word("conv", conv, CONVOLUTIONS)
    if growth < 1:
        raise ModelError(f"growth = {growth}: a whole number from 1 up is wanted")
    added, bias = scaled(growth, width), norm == "none"
    channels = 2 * added
    layers: dict[str, nn.Module | None] = {"conv": conv3x3(conv, io.channels, channels, bias=bias)}
    for stage, depth in enumerate(blocks, start=1):
        made = {}
        for number in range(1, depth + 1):
            made[f"layer{number}"] = Dense(
                norm1=normed(norm, channels),
                act1=act(activation),
                conv1=nn.Conv2d(channels, 4 * added, 1, bias=bias),
                norm2=normed(norm, 4 * added),
                act2=act(activation),
                conv2=conv3x3(conv, 4 * added, added, bias=bias),
                drop=drop(dropout),
            )
            channels += added
        layers[f"stage{stage}"] = stack(**made)
        if stage < STAGES:
            layers[f"transition{stage}"] = stack(
                norm=normed(norm, channels),
                act=act(activation),
                conv=nn.Conv2d(channels, channels // 2, 1, bias=bias),
                pool=nn.AvgPool2d(2),
            )
            channels //= 2
    return stack(
        **layers,
        norm=normed(norm, channels),
        act=act(activation),
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

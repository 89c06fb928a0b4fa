"""VGG: stages of 3x3 convolutions, each with a pool (Simonyan & Zisserman 2014), and a course report's small one."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.options import check_numbers
from ablab.models.plain import Conv, PlainStyle, network


@mark("model", "vgg11", blocks=[1, 1, 2, 2, 2])
@mark("model", "vgg13", blocks=[2, 2, 2, 2, 2])
@mark("model", "vgg16", blocks=[2, 2, 3, 3, 3])
@mark("model", "vgg19", blocks=[2, 2, 4, 4, 4])
@mark("model", "vgg")
def vgg(
    io: Io,
    *,
    name: str,
    blocks: Sequence[int] = [2, 2, 3, 3, 3],
    channels: Sequence[int] = [64, 128, 256, 512, 512],
    hidden: Sequence[int] = [],
    style: PlainStyle = PlainStyle(norm="batch", norm_at="conv", dropout_at="all"),
) -> nn.Module:
    """Five stages of 3x3 convolutions with batch norm and one linear layer (Simonyan & Zisserman 2014, for CIFAR).

    14,728,266 parameters for vgg16 at 10 classes: convolutions keep their bias in front of the norm. `vgg` takes
    `blocks`, the convolutions of each stage; `norm = "none"` and `hidden = [4096, 4096]` give the paper's network.
    Dropout "conv" zeroes whole channels behind every convolution and its pool.
    """
    return network(name, io, _stages(blocks, channels, 5), hidden, style)


@mark("model", "vgg6")
def vgg6(
    io: Io,
    *,
    blocks: Sequence[int] = [1, 2],
    channels: Sequence[int] = [96, 96],
    hidden: Sequence[int] = [4096, 4096],
    style: PlainStyle = PlainStyle(dropout_at="all"),
) -> nn.Module:
    """Three 3x3 convolutions of 96 and two dense layers of 4096 (a published course report); 42,160,970 parameters.

    The report's dropout is 0.2 behind every convolution (whole channels, behind the pool where there is one) and every
    hidden dense layer; `dropout_at` = conv, dense, all, before-dense.
    """
    return network("vgg6", io, _stages(blocks, channels, 2), hidden, style)


def _stages(blocks: Sequence[int], channels: Sequence[int], count: int) -> list[Conv]:
    """The convolutions of every stage; the pool follows the last of each."""
    check_numbers("blocks", blocks, count)
    check_numbers("channels", channels, count)
    return [
        Conv(f"{stage}_{number}", width, pool=(2, 2) if number == depth else None)
        for stage, (depth, width) in enumerate(zip(blocks, channels, strict=True), start=1)
        for number in range(1, depth + 1)
    ]

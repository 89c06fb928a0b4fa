"""AlexNet: as it was published for pictures of 227x227, and as a course report fitted it to 32x32."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.options import check_numbers
from ablab.models.plain import Conv, PlainStyle, network


@mark("model", "alexnet")
def alexnet(
    io: Io,
    *,
    channels: Sequence[int] = [96, 256, 384, 256, 256],
    hidden: Sequence[int] = [4096, 4096],
    style: PlainStyle = PlainStyle(dropout_at="all"),
) -> nn.Module:
    """Five 3x3 convolutions and two dense layers of 4096 for 32x32 (a published course report); 36,187,914 parameters.

    Pools follow the third, fourth and fifth convolution. The report's dropout is 0.2 behind every convolution (whole
    channels) and hidden dense layer; `dropout_at` = conv, dense, all, before-dense.
    """
    check_numbers("channels", channels, 5, what="convolutions")
    pools = [None, None, (2, 2), (2, 2), (2, 2)]
    convs = [Conv(str(i), one, pool) for i, (one, pool) in enumerate(zip(channels, pools, strict=True), start=1)]
    return network("alexnet", io, convs, hidden, style)


@mark("model", "alexnet-original")
def alexnet_original(
    io: Io,
    *,
    channels: Sequence[int] = [96, 256, 384, 384, 256],
    hidden: Sequence[int] = [4096, 4096],
    groups: int = 1,
    style: PlainStyle = PlainStyle(dropout=0.5),
) -> nn.Module:
    """AlexNet for 227x227 (Krizhevsky et al. 2012) in one tower; 62,378,344 parameters at 1000 classes.

    `groups = 2` gives the paper's two towers, which meet in the third convolution only: 60,965,224. The paper's local
    response normalisation has no parameters and is left out. `conv = "depthwise"` replaces the three 3x3 convolutions;
    those of 11x11 and 5x5 stay.
    """
    check_numbers("channels", channels, 5, what="convolutions")
    if groups < 1:
        raise ModelError(f"groups = {groups}: write 1 for one tower, or 2 for the two towers of the paper")
    first, second, third, fourth, fifth = channels
    convs = [
        Conv("1", first, pool=(3, 2), kernel=11, stride=4, padding=0),  # (3, 227, 227) -> (96, 55, 55) -> (96, 27, 27)
        Conv("2", second, pool=(3, 2), kernel=5, padding=2, groups=groups),  # -> (256, 13, 13)
        Conv("3", third),
        Conv("4", fourth, groups=groups),
        Conv("5", fifth, pool=(3, 2), groups=groups),  # -> (256, 6, 6)
    ]
    return network("alexnet-original", io, convs, hidden, style)

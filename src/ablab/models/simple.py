"""simple-nn: two convolutions and three linear layers, small enough to train on a laptop's CPU."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.options import check_numbers
from ablab.models.plain import Conv, PlainStyle, network


@mark("model", "simple-nn")
def simple_nn(
    io: Io,
    *,
    channels: Sequence[int] = [8, 16],
    hidden: Sequence[int] = [120, 84],
    style: PlainStyle = PlainStyle(norm_at="conv"),
) -> nn.Module:
    """Two convolutions, 5x5 and 3x3, with pools, then dense 120 and 84 (a published course report); 82,030 parameters.

    LeNet-5's shape (LeCun et al. 1998) on colour pictures, without padding: (3, 32, 32) -> (8, 28, 28) -> (8, 14, 14)
    -> (16, 12, 12) -> (16, 6, 6) -> 576. With a norm behind each convolution 82,078 parameters.
    """
    check_numbers("channels", channels, 2, what="convolutions")
    first, second = channels
    convolutions = [
        Conv("1", first, pool=(2, 2), kernel=5, padding=0),
        Conv("2", second, pool=(2, 2), padding=0),
    ]
    return network("simple-nn", io, convolutions, hidden, style)

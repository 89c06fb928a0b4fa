"""Small CNNs of published course reports: 3x3 convolutions that are pooled to half each, then dense layers.

The norm follows every convolution and hidden dense layer (`norm_at` = conv, dense, all); dropout goes where
`dropout_at` says: conv (whole channels, behind each pool), dense (behind each hidden activation), all, before-dense.
"""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.options import check_numbers
from ablab.models.plain import Conv, PlainStyle, network


@mark(
    "model",
    "cnn2",
    summary="Two convolutions and a dense layer of 32 with tanh (a published course report); 150,826 parameters.",
    defaults={"channels": [32, 64], "hidden": [32], "hidden_activation": "tanh"},
    convolutions=2,
)
@mark(
    "model",
    "cnn3",
    summary="cnn2 with a third convolution (the same course report); 159,146 parameters.",
    defaults={"channels": [32, 64, 128], "hidden": [32], "hidden_activation": "tanh"},
    convolutions=3,
)
@mark(
    "model",
    "cnn3-dense",
    summary="Three convolutions, dense 128 and 64 (a published course report); 364,426 parameters, 365,258 with norm.",
    defaults={"channels": [32, 64, 128], "hidden": [128, 64]},
    convolutions=3,
)
@mark(
    "model",
    "cnn4-dense",
    summary="cnn3-dense with a fourth convolution of 256 (the same course report); 528,522 parameters.",
    defaults={"channels": [32, 64, 128, 256], "hidden": [128, 64]},
    convolutions=4,
)
@mark(
    "model",
    "cnn3-dropout",
    summary="Three convolutions, dense 512 and 256, dropout 0.5 before both (a course report); 1,276,234 parameters.",
    defaults={"channels": [32, 64, 128], "hidden": [512, 256], "dropout": 0.5, "dropout_at": "before-dense"},
    convolutions=3,
)
def cnn(
    io: Io,
    *,
    name: str,
    convolutions: int,
    channels: Sequence[int],
    hidden: Sequence[int],
    style: PlainStyle = PlainStyle(hidden_activation="same", output="linear"),
) -> nn.Module:
    """Convolutions with a pool behind each, then dense layers; `hidden_activation` same is that of the convolutions.

    `output` softmax puts one behind the last layer, where the loss applies it again: a fault that reports have.
    """
    return network(name, io, _pooled(channels, convolutions), hidden, style)


def _pooled(channels: Sequence[int], count: int) -> list[Conv]:
    """Convolutions that keep height and width, each with a 2x2 pool behind it."""
    check_numbers("channels", channels, count, what="convolutions")
    return [Conv(str(number), one, pool=(2, 2)) for number, one in enumerate(channels, start=1)]

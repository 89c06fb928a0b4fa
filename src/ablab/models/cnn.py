"""Small CNNs of published course reports: 3x3 convolutions that are pooled to half each, then dense layers.

The norm follows every convolution and hidden dense layer (`norm_at` = conv, dense, all); dropout goes where
`dropout_at` says: conv (whole channels, behind each pool), dense (behind each hidden activation), all, before-dense.
"""

from collections.abc import Sequence

from torch import nn

from ablab.find import mark
from ablab.models import Io
from ablab.models.options import check_numbers
from ablab.models.plain import Conv, Style, network


@mark("model", "cnn2")
def cnn2(
    io: Io,
    *,
    channels: Sequence[int] = [32, 64],
    hidden: Sequence[int] = [32],
    norm: str = "none",
    norm_at: str = "all",
    activation: str = "relu",
    hidden_activation: str = "tanh",
    dropout: float = 0.0,
    dropout_at: str = "dense",
    width: float = 1.0,
    conv: str = "full",
) -> nn.Module:
    """Two convolutions and a dense layer of 32 with tanh (a published course report); 150,826 parameters."""
    style = Style(
        norm=norm,
        norm_at=norm_at,
        activation=activation,
        hidden_activation=hidden_activation,
        dropout=dropout,
        dropout_at=dropout_at,
        width=width,
        conv=conv,
    )
    return network("cnn2", io, _pooled(channels, 2), hidden, style)


@mark("model", "cnn3")
def cnn3(
    io: Io,
    *,
    channels: Sequence[int] = [32, 64, 128],
    hidden: Sequence[int] = [32],
    norm: str = "none",
    norm_at: str = "all",
    activation: str = "relu",
    hidden_activation: str = "tanh",
    dropout: float = 0.0,
    dropout_at: str = "dense",
    width: float = 1.0,
    conv: str = "full",
) -> nn.Module:
    """cnn2 with a third convolution (the same course report); 159,146 parameters."""
    style = Style(
        norm=norm,
        norm_at=norm_at,
        activation=activation,
        hidden_activation=hidden_activation,
        dropout=dropout,
        dropout_at=dropout_at,
        width=width,
        conv=conv,
    )
    return network("cnn3", io, _pooled(channels, 3), hidden, style)


@mark("model", "cnn3-dense")
def cnn3_dense(
    io: Io,
    *,
    channels: Sequence[int] = [32, 64, 128],
    hidden: Sequence[int] = [128, 64],
    norm: str = "none",
    norm_at: str = "all",
    activation: str = "relu",
    dropout: float = 0.0,
    dropout_at: str = "dense",
    width: float = 1.0,
    conv: str = "full",
) -> nn.Module:
    """Three convolutions, dense 128 and 64 (a published course report); 364,426 parameters, 365,258 with batch norm."""
    style = Style(
        norm=norm,
        norm_at=norm_at,
        activation=activation,
        dropout=dropout,
        dropout_at=dropout_at,
        width=width,
        conv=conv,
    )
    return network("cnn3-dense", io, _pooled(channels, 3), hidden, style)


@mark("model", "cnn4-dense")
def cnn4_dense(
    io: Io,
    *,
    channels: Sequence[int] = [32, 64, 128, 256],
    hidden: Sequence[int] = [128, 64],
    norm: str = "none",
    norm_at: str = "all",
    activation: str = "relu",
    dropout: float = 0.0,
    dropout_at: str = "dense",
    width: float = 1.0,
    conv: str = "full",
) -> nn.Module:
    """cnn3-dense with a fourth convolution of 256 (the same course report); 528,522 parameters."""
    style = Style(
        norm=norm,
        norm_at=norm_at,
        activation=activation,
        dropout=dropout,
        dropout_at=dropout_at,
        width=width,
        conv=conv,
    )
    return network("cnn4-dense", io, _pooled(channels, 4), hidden, style)


@mark("model", "cnn3-dropout")
def cnn3_dropout(
    io: Io,
    *,
    channels: Sequence[int] = [32, 64, 128],
    hidden: Sequence[int] = [512, 256],
    norm: str = "none",
    norm_at: str = "all",
    activation: str = "relu",
    dropout: float = 0.5,
    dropout_at: str = "before-dense",
    width: float = 1.0,
    conv: str = "full",
) -> nn.Module:
    """Three convolutions, dense 512 and 256, dropout 0.5 before both (a course report); 1,276,234 parameters."""
    style = Style(
        norm=norm,
        norm_at=norm_at,
        activation=activation,
        dropout=dropout,
        dropout_at=dropout_at,
        width=width,
        conv=conv,
    )
    return network("cnn3-dropout", io, _pooled(channels, 3), hidden, style)


def _pooled(channels: Sequence[int], count: int) -> list[Conv]:
    """Convolutions that keep height and width, each with a 2x2 pool behind it."""
    check_numbers("channels", channels, count, what="convolutions")
    return [Conv(str(number), one, pool=(2, 2)) for number, one in enumerate(channels, start=1)]

"""mlp: dense layers only, which see no neighbourhood of pixels."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.plain import network
from ablab.models.style import Style


@mark("model", "mlp")
def mlp(
    io: Io,
    *,
    hidden: Sequence[int] = [256, 512, 128],
    style: Style = Style(norm="none", activation="tanh", output="linear"),
) -> nn.Module:
    """Three dense hidden layers with tanh (a published course report); 985,226 parameters at 10 classes.

    `hidden = [256]` is the report's one-layer form (789,258), `[]` a linear classifier. The norm follows each hidden
    layer, dropout its activation. The report's softmax in front of the cross-entropy, which keeps the loss above 1.46,
    is `output = softmax`.
    """
    return network("mlp", io, [], hidden, style)

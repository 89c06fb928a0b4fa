"""preact10: ten pre-activation residual blocks of one width, small enough for a laptop's CPU."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.activations import activation as act
from ablab.models.blocks import conv3x3, output_end, residual, scaled, stack
from ablab.models.blocks import dropout as drop
from ablab.models.blocks import norm as normed
from ablab.models.options import Activation, Convolution, Norm, Output, Rate, Width, check_numbers
from ablab.models.shapes import shape_after


@mark("model", "preact10")
def preact10(
    io: Io,
    *,
    blocks: int = 10,
    hidden: Sequence[int] = [16],
    shortcut: bool = True,
    norm: Norm = "batch",
    activation: Activation = "relu",
    dropout: Rate = 0.4,
    head_dropout: Rate = 0.6,
    width: Width = 1.0,
    conv: Convolution = "full",
    output: Output = "linear",
) -> nn.Module:
    """Ten pre-activation residual blocks of 16 channels (a published course report); 66,090 parameters at 10 classes.

    `dropout` is between the two convolutions of a block, `head_dropout` in front of the dense layers. Norms are in and
    behind the blocks; the blocks' convolutions have a bias only if there is no norm. The report started the blocks
    from its own distribution (He-normal, the first norm's scale at 0.5), which is left out here; its softmax in front
    of the cross-entropy is `output = softmax`.
    """
    if blocks < 1:
        raise ModelError(f"blocks = {blocks}: at least one is wanted")
    check_numbers("hidden", hidden)
    channels = scaled(16, width)

    def block() -> nn.Sequential:
        return residual(
            shortcut,
            norm1=normed(norm, channels),
            act1=act(activation),
            conv1=conv3x3(conv, channels, channels, bias=norm == "none"),
            norm2=normed(norm, channels),
            act2=act(activation),
            drop=drop(dropout),
            conv2=conv3x3(conv, channels, channels, bias=norm == "none"),
        )

    features = stack(
        conv1=conv3x3(conv, io.channels, channels),
        act1=act(activation),
        conv2=conv3x3(conv, channels, channels),
        act2=act(activation),
        pool1=nn.MaxPool2d(2),  # (16, 32, 32) -> (16, 16, 16)
        **{f"block{number}": block() for number in range(1, blocks + 1)},
        norm=normed(norm, channels),
        act=act(activation),
        drop=drop(head_dropout),
        pool2=nn.AvgPool2d(2),  # -> (16, 8, 8)
        flatten=nn.Flatten(),
    )
    (inputs,) = shape_after(features, io.in_shape, "preact10")  # 1024
    dense: dict[str, nn.Module] = {}
    for number, units in enumerate(hidden, start=1):
        outputs = scaled(units, width)
        dense |= {f"linear{number}": nn.Linear(inputs, outputs), f"linear_act{number}": act(activation)}
        inputs = outputs
    head = nn.Linear(inputs, io.classes)
    return stack(**dict(features.named_children()), **dense, head=head, output=output_end(output))

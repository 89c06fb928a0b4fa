"""preact10: ten pre-activation residual blocks of one width, small enough for a laptop's CPU."""

from collections.abc import Sequence

from torch import nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import dropout, stack
from ablab.models.options import check_numbers
from ablab.models.shapes import shape_after
from ablab.models.style import ConvStyle


@mark("model", "preact10")
def preact10(
    io: Io,
    *,
    blocks: int = 10,
    hidden: Sequence[int] = [16],
    style: ConvStyle = ConvStyle(shortcut=True, dropout=0.4, head_dropout=0.6, output="linear"),
) -> nn.Module:
    """Ten pre-activation residual blocks of 16 channels (a published course report); 66,090 parameters at 10 classes.

    `dropout` is between the two convolutions of a block, `head_dropout` in front of the dense layers. Norms are in and
    behind the blocks; the blocks' convolutions have a bias only if there is no norm. The report started the blocks
    from its own distribution (He-normal, the first norm's scale at 0.5), which is left out here; its softmax in front
    of the cross-entropy is `output = softmax`.
    """
    if blocks < 1:
        raise ModelError(f"blocks = {blocks}: write at least 1")
    check_numbers("hidden", hidden)
    channels = style.scaled(16)

    def block() -> nn.Sequential:
        return style.residual(
            norm1=style.normed(channels),
            act1=style.act(),
            conv1=style.conv3x3(channels, channels),
            norm2=style.normed(channels),
            act2=style.act(),
            drop=style.drop(),
            conv2=style.conv3x3(channels, channels),
        )

    features = stack(
        conv1=style.conv3x3(io.channels, channels, bias=True),
        act1=style.act(),
        conv2=style.conv3x3(channels, channels, bias=True),
        act2=style.act(),
        pool1=nn.MaxPool2d(2),  # (16, 32, 32) -> (16, 16, 16)
        **{f"block{number}": block() for number in range(1, blocks + 1)},
        norm=style.normed(channels),
        act=style.act(),
        drop=dropout(style.head_dropout or 0.0),
        pool2=nn.AvgPool2d(2),  # -> (16, 8, 8)
        flatten=nn.Flatten(),
    )
    (inputs,) = shape_after(features, io.in_shape, "preact10")  # 1024
    dense: dict[str, nn.Module] = {}
    for number, units in enumerate(hidden, start=1):
        outputs = style.scaled(units)
        dense |= {f"linear{number}": nn.Linear(inputs, outputs), f"linear_act{number}": style.act()}
        inputs = outputs
    head = nn.Linear(inputs, io.classes)
    return stack(**dict(features.named_children()), **dense, head=head, output=style.end())

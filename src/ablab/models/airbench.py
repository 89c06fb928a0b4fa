"""airbench: the small network of the fastest public CIFAR-10 recipes."""

from collections.abc import Sequence
from typing import Annotated

from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.options import check_numbers
from ablab.models.style import ConvStyle

PATCH = 2  # pixels a side of what the first layer whitens


@mark("model", "airbench")
def airbench(
    io: Io,
    *,
    channels: Sequence[int] = [64, 256, 256],
    divisor: Annotated[float, "(0, 1000)"] = 9.0,
    style: ConvStyle = ConvStyle(activation="gelu", norm_momentum=0.4, norm_eps=1e-12),
) -> nn.Module:
    """Three blocks of two convolutions behind a layer of 2x2 patches (Jordan 2024, airbench94); 1,972,792 parameters.

    The first layer has two filters for each number of a patch, 24 for colour, which `whiten` starts from the images.
    Each block pools between its convolutions, and the outputs are divided by `divisor`. airbench96 has
    `channels = [128, 512, 512]` and a third convolution a block, which is left out here.
    """
    check_numbers("channels", channels, 3, what="blocks")
    filters = 2 * PATCH * PATCH * io.channels
    layers: dict[str, nn.Module | None] = {
        "whiten": nn.Conv2d(io.channels, filters, PATCH, bias=True),  # (3, 32, 32) -> (24, 31, 31)
        "whiten_act": style.act(),
    }
    inputs = filters
    for number, width in enumerate(channels, start=1):
        outputs = style.scaled(width)
        layers[f"block{number}"] = stack(
            conv1=style.conv3x3(inputs, outputs),
            pool=nn.MaxPool2d(2),
            norm1=style.normed(outputs),
            act1=style.act(),
            conv2=style.conv3x3(outputs, outputs),
            norm2=style.normed(outputs),
            act2=style.act(),
            drop=style.drop(),
        )  # -> (64, 15, 15) -> (256, 7, 7) -> (256, 3, 3)
        inputs = outputs
    return stack(
        **layers,
        pool=nn.AdaptiveMaxPool2d(1),  # of 3x3 maps; so that smaller pictures can be taken, too
        flatten=nn.Flatten(),
        head=nn.Linear(inputs, io.classes, bias=False),
        divided=Divided(divisor),
    )


class Divided(nn.Module):
    """Its input divided by a number."""

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self.divisor = divisor

    def forward(self, x: Tensor) -> Tensor:
        return x / self.divisor

    def extra_repr(self) -> str:
        return f"{self.divisor:g}"

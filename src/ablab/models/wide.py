"""Wide residual networks (Zagoruyko & Komodakis 2016): few pre-activation blocks of many channels."""

from torch import nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.preact import stages
from ablab.models.resnet import ResidualStyle


@mark(
    "model",
    "wrn-16-4",
    summary="Wide ResNet of 16 layers, 4 times as wide (Zagoruyko & Komodakis 2016); 2,748,890 parameters.",
    defaults={"depth": 16, "widen": 4},
)
@mark(
    "model",
    "wrn-16-8",
    summary="Wide ResNet of 16 layers, 8 times as wide (Zagoruyko & Komodakis 2016); 10,961,370 parameters.",
    defaults={"depth": 16, "widen": 8},
)
@mark(
    "model",
    "wrn-28-10",
    summary="Wide ResNet of 28 layers, 10 times as wide (Zagoruyko & Komodakis 2016); 36,479,194 parameters.",
    defaults={"depth": 28, "widen": 10},
)
@mark(
    "model",
    "wrn-40-2",
    summary="Wide ResNet of 40 layers, twice as wide (Zagoruyko & Komodakis 2016); 2,243,546 parameters.",
    defaults={"depth": 40, "widen": 2},
)
@mark(
    "model",
    "wrn-40-4",
    summary="Wide ResNet of 40 layers, 4 times as wide (Zagoruyko & Komodakis 2016); 8,949,210 parameters.",
    defaults={"depth": 40, "widen": 4},
)
def wide_resnet(
    io: Io,
    *,
    depth: int,
    widen: int,
    style: ResidualStyle = ResidualStyle(),
) -> nn.Module:
    """wrn-depth-widen: three stages of (depth - 4) / 6 blocks with 16, 32 and 64 times `widen` channels.

    The paper's dropout is 0.3 between the convolutions of a block. `width` scales the stem as well.
    """
    if depth < 10 or depth % 6 != 4:
        raise ModelError(f"depth = {depth}: write 4 plus a multiple of 6, such as 10, 16, 22 or 28")
    if widen < 1:
        raise ModelError(f"widen = {widen}: write a whole number of at least 1")
    stem = style.scaled(16)
    channels = [style.scaled(one * widen) for one in (16, 32, 64)]
    layers, outputs = stages(stem, channels, [(depth - 4) // 6] * 3, style)
    return stack(
        conv=style.conv3x3(io.channels, stem),
        **layers,
        norm=style.normed(outputs),
        act=style.act(),
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=style.last_dropout(),
        head=nn.Linear(outputs, io.classes),
    )

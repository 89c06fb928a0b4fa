"""ConvMixer: patches that are mixed by large depthwise and by 1x1 convolutions (Trockman & Kolter 2022)."""

from torch import nn

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import stack
from ablab.models.style import Style


@mark("model", "convmixer")
def convmixer(
    io: Io,
    *,
    dim: int = 256,
    depth: int = 8,
    kernel: int = 5,
    patch: int = 2,
    style: Style = Style(shortcut=True, activation="gelu"),
) -> nn.Module:
    """ConvMixer-256/8 with kernel 5 and patches of 2 (Trockman & Kolter 2022, for CIFAR); 594,186 parameters.

    The activation stands before the norm, as in the paper; dropout is before the last layer.
    """
    for key, number in (("dim", dim), ("depth", depth), ("patch", patch)):
        if number < 1:
            raise ModelError(f"{key} = {number}: write a whole number of at least 1")
    if kernel < 1 or kernel % 2 == 0:
        raise ModelError(f"kernel = {kernel}: write an odd number, so that the window has a center")
    channels = style.scaled(dim)

    def mixed(convolution: nn.Conv2d) -> dict[str, nn.Module | None]:
        return {"conv": convolution, "act": style.act(), "norm": style.normed(channels)}

    layers: dict[str, nn.Module | None] = {}
    for number in range(1, depth + 1):
        layers[f"block{number}"] = stack(
            depthwise=style.residual(
                **mixed(nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels))
            ),
            pointwise=stack(**mixed(nn.Conv2d(channels, channels, 1))),
        )
    return stack(
        **mixed(nn.Conv2d(io.channels, channels, patch, patch)),
        **layers,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        drop=style.drop(),
        head=nn.Linear(channels, io.classes),
    )

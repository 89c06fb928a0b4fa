"""Colours changed, image by image, by factors that differ from image to image."""

from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment.arguments import colours
from ablab.data.augment.draw import Draw

Share = Annotated[float, "[0, 1]"]


@mark("augmentation", "jitter")
def jitter(
    images: Tensor,
    draw: Draw,
    *,
    brightness: Share = 0.2,
    contrast: Share = 0.2,
    saturation: Share = 0.2,
    hue: Annotated[float, "[0, 0.5]"] = 0.05,
) -> Tensor:
    """Brightness, contrast and saturation times 1 ± the given share, hue turned by up to the given part of the circle.

    They follow each other in this order.
    """
    colours(images.shape[1])
    for name, change, span in (
        ("brightness", brightened, brightness),
        ("contrast", contrasted, contrast),
        ("saturation", saturated, saturation),
    ):
        if span:
            images = change(images, draw.between(name, 1 - span, 1 + span))
    return hue_turned(images, draw.between("hue", -hue, hue)) if hue else images


def brightened(images: Tensor, factor: Tensor) -> Tensor:
    """Between black (0), the image (1) and beyond."""
    return _blend(torch.zeros(()), images, factor)


def contrasted(images: Tensor, factor: Tensor) -> Tensor:
    """Between the image's mean grey (0), the image (1) and beyond."""
    grey = greyed(images)
    # A sum of whole numbers: it comes out the same however many threads and images share the work.
    mean = grey.sum(dim=(1, 2, 3), dtype=torch.int64).float() / grey[0].numel() if len(grey) else images.new_zeros(0)
    return _blend(torch.floor(mean + 0.5)[:, None, None, None], images, factor)


def saturated(images: Tensor, factor: Tensor) -> Tensor:
    """Between the image in grey (0), the image (1) and beyond."""
    return _blend(greyed(images).float(), images, factor)


def sharpened(images: Tensor, factor: Tensor) -> Tensor:
    """Between the smoothed image (0), the image (1) and beyond; the outermost pixels stay, as in Pillow."""
    smooth = images.float()
    if min(images.shape[2:]) > 2:
        across = smooth[..., :-2] + smooth[..., 1:-1] + smooth[..., 2:]
        square = across[:, :, :-2] + across[:, :, 1:-1] + across[:, :, 2:]  # sums of whole numbers: exact
        smooth[:, :, 1:-1, 1:-1] = torch.floor((square + 4 * smooth[:, :, 1:-1, 1:-1]) / 13 + 0.5)
    return _blend(smooth, images, factor)


def hue_turned(images: Tensor, turn: Tensor) -> Tensor:
    """Every colour moved around the colour circle by a part of it; value and saturation (of HSV) stay."""
    if images.shape[1] == 1:
        return images
    rgb = images.float()
    value, low = rgb.amax(dim=1), rgb.amin(dim=1)
    chroma = value - low
    red, green, blue = rgb.unbind(dim=1)
    divisor = chroma.clamp(min=1)  # where the chroma is 0 the hue does not matter
    sixth = (
        torch.where(
            value == red,
            (green - blue) / divisor,
            torch.where(value == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
        )
        + 6 * turn[:, None, None]
    )
    # A channel falls from `value` by the chroma, by how far the hue is from that channel (Smith 1978, in closed form).
    channels = []
    for start in (5, 3, 1):
        place = (start + sixth) % 6
        channels.append(value - chroma * torch.minimum(place, 4 - place).clamp(0, 1))
    return _bytes(torch.stack(channels, dim=1))


def inverted(images: Tensor) -> Tensor:
    """The negative."""
    return 255 - images


def posterized(images: Tensor, bits: Tensor) -> Tensor:
    """Only the uppermost bits of every value."""
    mask = 256 - 2 ** (8 - bits.long())
    return images & mask.to(torch.uint8)[:, None, None, None]


def solarized(images: Tensor, threshold: Tensor) -> Tensor:
    """Values from the threshold on inverted."""
    return torch.where(images.short() >= threshold.short()[:, None, None, None], 255 - images, images)


def autocontrasted(images: Tensor) -> Tensor:
    """Each channel stretched to 0..255; one of a single value stays."""
    low, high = images.amin(dim=(2, 3)).double(), images.amax(dim=(2, 3)).double()
    # Pillow's own arithmetic: 64-bit, a true division (torch makes `255.0 / x` a product with 1 / x), cut, not rounded.
    scale = torch.full_like(low, 255.0) / (high - low).clamp(min=1)
    levels = torch.arange(256, dtype=torch.float64, device=images.device)
    table = levels * scale[:, :, None] + (-low * scale)[:, :, None]
    return _looked_up(images, torch.where((high > low)[:, :, None], table.trunc().clamp(0, 255), levels))


def equalized(images: Tensor) -> Tensor:
    """Each channel's values spread so that all are about equally frequent (Pillow's arithmetic, in whole numbers)."""
    batch, channels = images.shape[:2]
    planes = images.reshape(batch * channels, -1).long()
    counts = torch.zeros(batch * channels, 256, dtype=torch.int64, device=images.device).scatter_add_(
        1, planes, torch.ones_like(planes)
    )
    last = counts.gather(1, planes.amax(dim=1, keepdim=True))
    step = (planes.shape[1] - last) // 255
    before = counts.cumsum(dim=1) - counts
    table = ((step // 2 + before) // step.clamp(min=1)).clamp(max=255)
    table = torch.where(step > 0, table, torch.arange(256, device=images.device))
    return _looked_up(images, table.view(batch, channels, 256))


def greyed(images: Tensor) -> Tensor:
    """i32[B,1,H,W]: luminance by ITU-R 601 in Pillow's whole numbers."""
    if images.shape[1] == 1:
        return images.int()
    red, green, blue = (images[:, channel : channel + 1].int() for channel in range(3))
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def _blend(other: Tensor, images: Tensor, factor: Tensor) -> Tensor:
    return _bytes(other + factor.float()[:, None, None, None] * (images.float() - other))


def _bytes(values: Tensor) -> Tensor:
    return values.round().clamp(0, 255).to(torch.uint8)


def _looked_up(images: Tensor, table: Tensor) -> Tensor:
    """Every value replaced by its entry in the table (B, C, 256) of its image and channel."""
    return table.to(torch.uint8).gather(2, images.flatten(2).long()).view(images.shape)

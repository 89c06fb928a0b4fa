"""Images shifted, turned and sheared; what comes in from outside is black."""

from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional

from ablab.catalogue import mark
from ablab.data.augment.arguments import within
from ablab.data.augment.crop import padded, windows
from ablab.data.augment.draw import Draw
from ablab.errors import DataError


@mark("augmentation", "translate")
def translate(images: Tensor, draw: Draw, *, distance: float = 0.125) -> Tensor:
    """A shift by up to `distance` in both directions: whole numbers are pixels, 0.125 is an eighth of the side."""
    height, width = images.shape[2:]
    if isinstance(distance, int):
        within("distance", distance, 1, min(height, width) - 1, note=f" pixels on {width}x{height} images (or a share)")
        down = across = distance
    else:
        within("distance", distance, 0, 1, above=True, note=" as a share of the side (or whole pixels)")
        down, across = round(distance * height), round(distance * width)
        if not (down or across):
            raise DataError(f"distance = {distance:g} is less than half a pixel on {width}x{height} images")
    top, left = draw.whole("top", 0, 2 * down), draw.whole("left", 0, 2 * across)
    return windows(padded(images, across, down, "zero"), top, left, height, width)


@mark("augmentation", "rotate")
def rotate(images: Tensor, draw: Draw, *, degrees: Annotated[float, "(0, 180]"] = 15.0) -> Tensor:
    """A turn by up to `degrees` to either side around the centre, pixels interpolated linearly."""
    return turned(images, draw.between("angle", -degrees, degrees), smooth=True)


def turned(images: Tensor, degrees: Tensor, *, smooth: bool) -> Tensor:
    """Each image turned counter-clockwise by its own angle."""
    angle = torch.deg2rad(degrees.double())
    cos, sin = angle.cos().float(), angle.sin().float()
    return _mapped(images, cos, -sin, sin, cos, smooth=smooth)


def sheared(images: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Each image slanted by its own slopes, the upper left corner at rest (as in Pillow's affine transform)."""
    height, width = images.shape[2:]
    one = torch.ones_like(across)
    return _mapped(images, one, across, down, one, right=across * (height / 2), below=down * (width / 2))


def shifted(images: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Each image as seen from its own number of whole pixels further right and down."""
    height, width = images.shape[2:]
    across, down = across.long().clamp(-width, width), down.long().clamp(-height, height)
    return windows(padded(images, width, height, "zero"), down + height, across + width, height, width)


def _mapped(
    images: Tensor,
    xx: Tensor,
    xy: Tensor,
    yx: Tensor,
    yy: Tensor,
    *,
    right: Tensor | float = 0.0,
    below: Tensor | float = 0.0,
    smooth: bool = False,
) -> Tensor:
    """The pixel at (x, y) from the centre comes from (xx x + xy y + right, yx x + yy y + below)."""
    height, width = images.shape[2:]
    x = (torch.arange(width, device=images.device) - (width - 1) / 2)[None, None, :]
    y = (torch.arange(height, device=images.device) - (height - 1) / 2)[None, :, None]
    xx, xy, yx, yy = (factor[:, None, None] for factor in (xx, xy, yx, yy))
    right, below = (torch.as_tensor(move, device=images.device).view(-1, 1, 1) for move in (right, below))
    across = xx * x + xy * y + right  # (B, H, W), in pixels from the centre
    down = yx * x + yy * y + below
    grid = torch.stack([across * (2 / width), down * (2 / height)], dim=-1)  # grid_sample's units: the side is 2
    mode = "bilinear" if smooth else "nearest"
    moved = functional.grid_sample(images.float(), grid, mode=mode, padding_mode="zeros", align_corners=False)
    return moved.round_().clamp_(0, 255).to(torch.uint8)

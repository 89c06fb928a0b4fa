"""Images with a square taken out (DeVries & Taylor 2017)."""

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment.arguments import within
from ablab.data.augment.draw import Draw


@mark("augmentation", "cutout")
def cutout(images: Tensor, draw: Draw, *, size: int = 8) -> Tensor:
    """A black square of size x size pixels around a random pixel; what falls outside the image is lost."""
    height, width = images.shape[2:]
    within("size", size, 1, min(height, width), note=f" on {width}x{height} images")
    top = draw.whole("row", 0, height - 1) - size // 2
    left = draw.whole("column", 0, width - 1) - size // 2
    return images.masked_fill(boxes(top, top + size, left, left + size, height, width), 0)


def boxes(top: Tensor, bottom: Tensor, left: Tensor, right: Tensor, height: int, width: int) -> Tensor:
    """bool[B,1,H,W], true inside each image's own box; bottom and right are the first row and column outside."""
    rows, columns = torch.arange(height, device=top.device), torch.arange(width, device=top.device)
    inside_rows = (rows >= top[:, None]) & (rows < bottom[:, None])
    inside_columns = (columns >= left[:, None]) & (columns < right[:, None])
    return (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]

"""An augmentation of one's own: a dark band across the picture.

augment = "flip + examples/own/augmentation.py:band(3)"
"""

from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment.draw import Draw


@mark("augmentation", "band")
def band(images: Tensor, draw: Draw, *, height: Annotated[int, "[1, 100]"] = 3) -> Tensor:
    """Pictures u8[B,C,H,W] with a band of black rows; where it is comes from `draw`, an own number for each picture."""
    tall = images.shape[2]
    top = draw.whole("top", 0, max(tall - height, 0))  # i64[B]
    rows = torch.arange(tall, device=images.device)
    is_dark = (rows >= top[:, None]) & (rows < top[:, None] + height)  # (B, H)
    return images.masked_fill(is_dark[:, None, :, None], 0)

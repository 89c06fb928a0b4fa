"""Data, and a change to training images."""

from typing import Annotated

import numpy as np
from torch import Tensor

import ablab
from ablab.catalogue import mark
from ablab.data.augment.draw import Draw


@mark("generator", "bars")
def bars(*, images: Annotated[int, "[40, 100000]"] = 400) -> ablab.Dataset:
    """Noise with a bright bar that lies or stands: two classes of 8x8 gray pictures."""
    draw = np.random.default_rng(0)
    pixels, labels = draw.integers(0, 100, (images, 8, 8, 1), dtype=np.uint8), draw.integers(0, 2, images)
    for picture, stands, at in zip(pixels, labels, draw.integers(0, 8, images), strict=True):
        (picture[:, at] if stands else picture[at])[:] = 255
    return ablab.from_arrays((pixels, labels), classes=["lies", "stands"])


@mark("augmentation", "darker")
def darker(images: Tensor, draw: Draw, *, most: Annotated[float, "(0, 1]"] = 0.5) -> Tensor:
    """Pictures u8[B,C,H,W], each darker by a share of its own, up to `most`."""
    share = 1 - most * draw.between("share", 0.0, 1.0)  # f32[B]
    return (images * share[:, None, None, None]).to(images.dtype)

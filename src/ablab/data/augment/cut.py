"""Cut: crops and flips that are listed and not carried out, for a reader that moves the pixels on its way.

A compiled kernel that normalizes images reads every byte anyway. It finds the bytes by the row of the image, the corner
of the crop and the side, so nobody writes the copies that `crop` and `flip` would make.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ablab.data.augment import Augment, Step
from ablab.data.augment.crop import corner, padded, windows
from ablab.data.augment.flip import is_mirrored
from ablab.data.augment.pixels import choose, pick

CROP, FLIP = "crop", "flip"


@dataclass(frozen=True)
class Cut:
    """Images of a batch, as places in the data; `images()` makes their pixels."""

    data: Tensor  # u8[N,C,H,W], all images
    rows: Tensor  # i64[B]
    top: Tensor  # i64[B], the first line of the crop; lines outside the image are black
    left: Tensor  # i64[B]
    mirrored: Tensor  # bool[B], left and right changed after the crop

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.data.shape[1:])

    def __getitem__(self, part: slice) -> "Cut":
        return Cut(self.data, self.rows[part], self.top[part], self.left[part], self.mirrored[part])

    def images(self) -> Tensor:
        """The pixels, u8[B,C,H,W]."""
        height, width = self.data.shape[2:]
        border = int(torch.stack([self.top, self.left]).abs().max())
        framed = padded(pick(self.data, self.rows), border, border, "zero")
        made = windows(framed, self.top + border, self.left + border, height, width)
        return choose(self.mirrored, made.flip(-1), made)


Images = Tensor | Cut  # u8[B,C,H,W]


def can_cut(augment: Augment) -> bool:
    """Whether the augmentation only mirrors images and moves them once, with black borders."""
    times = Counter(step.operation.call.name for step in augment.steps)
    modes = [_options(step)["mode"] for step in augment.steps if step.operation.call.name == CROP]
    return set(times) <= {CROP, FLIP} and modes in ([], ["zero"])


@dataclass(frozen=True)
class Cutter:
    """Rows of the data as an augmentation that `can_cut` moves them, with their labels."""

    augment: Augment

    def __call__(self, rows: Tensor) -> tuple[Cut, Tensor]:
        examples, none = self.augment.examples, torch.zeros_like(rows)
        made = Cut(examples.images, rows, none, none, none.bool())
        for step in self.augment.steps:
            draw, options = self.augment.draw(step.purpose, rows), _options(step)
            if step.operation.call.name == FLIP:
                made = replace(made, mirrored=made.mirrored ^ is_mirrored(draw, options["mode"]))
            else:
                top, left = (place - options["padding"] for place in corner(draw, options["padding"]))
                # The crop of a mirrored image is the mirrored crop, as far to the other side, of the image itself.
                made = replace(made, top=top, left=torch.where(made.mirrored, -left, left))
        return made, examples.labels[rows]


def _options(step: Step) -> dict[str, Any]:
    return {**step.operation.entry.options, **step.operation.arguments}

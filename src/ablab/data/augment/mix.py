"""Two images mixed into one, and their labels in the same shares."""

import functools
from typing import Annotated

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.data.augment.cutout import boxes
from ablab.data.augment.draw import Draw

Alpha = Annotated[float, "[0.01, 100]"]
STEPS = 4096  # of the table from which quantiles are read: the largest error is below 1e-3 (tests compare with scipy)


@mark("augmentation", "mixup")
def mixup(images: Tensor, partners: Tensor, draw: Draw, *, alpha: Alpha = 0.2) -> tuple[Tensor, Tensor]:
    """A weighted mean of two images, rounded; the weight is from Beta(alpha, alpha) (Zhang et al. 2018)."""
    share = beta_quantile(draw.part("share"), alpha).float()
    weight = share[:, None, None, None]
    return (images.float() * weight + partners.float() * (1 - weight)).round_().to(torch.uint8), share


@mark("augmentation", "cutmix")
def cutmix(images: Tensor, partners: Tensor, draw: Draw, *, alpha: Alpha = 1.0) -> tuple[Tensor, Tensor]:
    """A box of the partner pasted into the image (Yun et al. 2019), its area from Beta(alpha, alpha).

    The box has the shape of the image and a random centre; what falls outside is lost, and the labels' shares are
    those of the pixels that are left.
    """
    height, width = images.shape[2:]
    side = (1 - beta_quantile(draw.part("share"), alpha)).sqrt()
    tall, wide = (side * height).long(), (side * width).long()
    top = draw.whole("row", 0, height - 1) - tall // 2
    left = draw.whole("column", 0, width - 1) - wide // 2
    box = boxes(top, top + tall, left, left + wide, height, width)
    share = 1 - box.sum(dim=(1, 2, 3)).float() / (height * width)
    return torch.where(box, partners, images), share


def beta_quantile(part: Tensor, alpha: float) -> Tensor:
    """The value of Beta(alpha, alpha) below which `part` of it lies: a draw, if `part` is uniform.

    So a mixture is one number an image, whatever alpha is, and variants with different alphas keep their pairing.
    The lower half is integrated in s = (2x)^a with a = min(alpha, 1), where the density has no pole at 0.
    """
    flat = min(alpha, 1.0)
    s, area = (table.to(part.device) for table in beta_table(alpha))
    lower = torch.minimum(part, 1 - part).contiguous()
    right = torch.searchsorted(area, lower).clamp(1, STEPS)
    step = area[right] - area[right - 1]
    between = s[right - 1] + (lower - area[right - 1]) / step.clamp(min=1e-300) / STEPS
    quantile = between.clamp(0, 1) ** (1 / flat) / 2
    return torch.where(part <= 0.5, quantile, 1 - quantile)


@functools.lru_cache(maxsize=16)
def beta_table(alpha: float) -> tuple[Tensor, Tensor]:
    """Places s from 0 to 1, and the area of Beta(alpha, alpha) below each: 0 to one half."""
    flat = min(alpha, 1.0)
    s = torch.linspace(0, 1, STEPS + 1, dtype=torch.float64)
    x = s ** (1 / flat) / 2
    density = x ** (alpha - flat) * (1 - x) ** (alpha - 1)
    area = torch.cat([torch.zeros(1, dtype=torch.float64), ((density[1:] + density[:-1]) / 2).cumsum(0)])
    return s, area / area[-1] / 2

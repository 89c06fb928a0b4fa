"""Images picked and mirrored eight pixels at a time."""

import torch
from torch import Tensor


def words(pixels: Tensor) -> Tensor:
    """The same bytes as the widest whole numbers that the last dimension divides into.

    torch copies and chooses single bytes one by one, and words of 8 with vector instructions: gathering 50,000 images
    of 32x32 took 11 ms instead of 47, choosing between an image and its mirror 27 ms instead of 77 (2 threads).
    """
    pixels = pixels.contiguous()
    for dtype, size in ((torch.int64, 8), (torch.int32, 4)):
        if pixels.shape[-1] % size == 0 and pixels.storage_offset() % size == 0:
            return pixels.view(dtype)
    return pixels


def pick(images: Tensor, rows: Tensor) -> Tensor:
    """A fresh tensor of the images in `rows`, in that order."""
    flat = words(images.view(len(images), -1)) if images.is_contiguous() else images
    return flat.index_select(0, rows).view(torch.uint8).view(len(rows), *images.shape[1:])


def choose(chosen: Tensor, changed: Tensor, images: Tensor) -> Tensor:
    """`changed` where `chosen` (bool[B]) is true, the image itself elsewhere."""
    return torch.where(chosen[:, None, None, None], words(changed), words(images)).view(torch.uint8)

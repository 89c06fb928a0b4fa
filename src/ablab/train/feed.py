"""What a device is fed: data that stay on it for a run, and the changed images and targets of each step."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from ablab.data.augment.cut import Cutter, Images
from ablab.data.dataset import Examples
from ablab.train.device import Hardware

SHARE = 4  # data larger than one in so many of a card's free bytes stay in the machine's memory
AHEAD = 16 << 20  # bytes of images that are changed at a time on a card: about 5,000 of CIFAR's
Augmented = Callable[[Tensor], tuple[Images, Tensor]]  # rows of the data as they look in one epoch


def resident(examples: Examples, hardware: Hardware) -> Examples:
    """The examples on the device, as bytes: CIFAR-10 is 184 MB, sent once a run. Where they are too large, as they are.

    Only a card of its own has anything to gain: a CPU has them already.
    """
    if not hardware.is_gpu:
        return examples
    free, _ = torch.cuda.mem_get_info(hardware.device)
    if examples.images.numel() * SHARE > free:
        return examples
    return Examples(examples.images.to(hardware.device), examples.labels.to(hardware.device))


def fed(augment: Augmented, batches: Sequence[Tensor], image_bytes: int) -> Iterator[tuple[Images, Tensor]]:
    """The images and targets of each batch of rows.

    On a card, many batches are changed at once: a hundred small kernels for each step would take longer than the step.
    Cuts have no pixels yet, so an epoch of them fits into 2 MB and is made at once. No image looks other than it would
    alone, since its random numbers are those of its row.
    """
    has_pixels = not isinstance(augment, Cutter)
    if not batches or (has_pixels and batches[0].device.type == "cpu"):
        yield from map(augment, batches)
        return
    for some in together(batches, max(1, AHEAD // image_bytes) if has_pixels else sum(map(len, batches))):
        images, targets = augment(torch.cat(some))
        start = 0
        for rows in some:
            part = slice(start, start := start + len(rows))
            yield images[part], targets[part]


def together(batches: Sequence[Tensor], most: int) -> Iterator[list[Tensor]]:
    """Batches that follow each other, at most so many images of them at a time, and one batch at least."""
    some: list[Tensor] = []
    for rows in batches:
        if some and sum(map(len, some)) + len(rows) > most:
            yield some
            some = []
        some.append(rows)
    if some:
        yield some

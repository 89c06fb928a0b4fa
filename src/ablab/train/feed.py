"""What a device is fed: data that stay on it for a run, and the changed images and targets of each step."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ablab.data.dataset import Examples
from ablab.train.device import Hardware

SHARE = 4  # data larger than one in so many of a card's free bytes stay in the machine's memory
AHEAD = 16 << 20  # bytes of images that are changed at a time on a card: about 5,000 of CIFAR's


class Augmented(Protocol):
    """Rows of the data as they look in one epoch."""

    def __call__(self, rows: Tensor) -> tuple[Tensor, Tensor]: ...


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


def fed(augment: Augmented, batches: Sequence[Tensor], image_bytes: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The images and targets of each batch of rows.

    On a card, many batches are changed at once: a hundred small kernels for each step would take longer than the step.
    No image looks other than it would alone, since its random numbers are those of its row.
    """
    if not batches or batches[0].device.type == "cpu":
        yield from map(augment, batches)
        return
    for some in together(batches, max(1, AHEAD // image_bytes)):
        sizes = [len(rows) for rows in some]
        images, targets = augment(torch.cat(some))
        yield from zip(torch.split(images, sizes), torch.split(targets, sizes), strict=True)


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

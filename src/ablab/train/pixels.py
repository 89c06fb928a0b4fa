"""Pixels: u8 images as the numbers that a network sees, mean 0 and variance 1 in each channel."""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from ablab.data.dataset import Examples
from ablab.train.device import Hardware

CHUNK = 100  # images counted at a time: they stay in the cache; 45,000 of 32x32 take 0.15 s
COUNTED = WeakTensorKeyDictionary()  # by images: the counts of some rows, by the digest of the rows
MOST_COUNTED = 64  # rows of one data set: 400 kB; a process that trains thousands of seeds would keep on growing


@dataclass(frozen=True)
class Pixels:
    """Calling it moves images to the device as bytes, a quarter of what numbers would be, and normalises them there."""

    mean: tuple[float, ...]  # per channel, in steps of 1/255
    sd: tuple[float, ...]
    scale: Tensor  # f32[1,C,1,1] on the device
    shift: Tensor
    memory_format: torch.memory_format

    def __call__(self, images: Tensor) -> Tensor:
        moved = images.to(self.scale.device, non_blocking=True)
        numbers = moved.float().mul_(self.scale).add_(self.shift)  # u8[B,C,H,W] -> f32[B,C,H,W], in place
        return numbers.contiguous(
            memory_format=self.memory_format
        )  # last: bytes take longer to be put in another order


def pixels_of(examples: Examples, rows: Tensor, hardware: Hardware) -> Pixels:
    """The normalisation for these rows, from exact counts, so that it depends on no order and no rounding."""
    return pixels_by(*mean_and_sd(value_counts(examples, rows)), hardware)


def pixels_by(mean: tuple[float, ...], sd: tuple[float, ...], hardware: Hardware) -> Pixels:
    """The normalisation by the mean and the standard deviation of each channel, in steps of 1/255."""
    scale = torch.tensor([1 / one for one in sd], dtype=torch.float32, device=hardware.device).view(1, -1, 1, 1)
    shift = torch.tensor([-m / s for m, s in zip(mean, sd, strict=True)], dtype=torch.float32, device=hardware.device)
    return Pixels(mean, sd, scale, shift.view(1, -1, 1, 1), hardware.memory_format)


def mean_and_sd(counts: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel from how often each value occurs, i64[C,256].

    A channel that is one colour everywhere has nothing to scale: its standard deviation is given as 1.
    """
    values = torch.arange(counts.shape[1])
    totals = counts.sum(1).tolist()
    sums = (counts * values).sum(1).tolist()  # whole numbers: 10^12 pixels fit in 63 bits, squares and all
    squares = (counts * values * values).sum(1).tolist()
    mean = tuple(one / total for one, total in zip(sums, totals, strict=True))
    parts = zip(totals, sums, squares, strict=True)
    variance = [(total * square - one * one) / total**2 for total, one, square in parts]  # exact up to the division
    return mean, tuple(one**0.5 if one > 0 else 1.0 for one in variance)


def value_counts(examples: Examples, rows: Tensor) -> Tensor:
    """How often each of the 256 values occurs in each channel of these rows, i64[C,256].

    Variants of a study with the same seed train on the same rows, which are counted once.
    """
    known: dict[bytes, Tensor] = COUNTED.setdefault(examples.images, {})  # type: ignore[no-untyped-call]
    key = hashlib.sha256(rows.numpy().tobytes()).digest()
    if key not in known:
        if len(known) == MOST_COUNTED:
            del known[next(iter(known))]
        known[key] = _counted(examples, rows)
    return known[key]


def _counted(examples: Examples, rows: Tensor) -> Tensor:
    channels = examples.images.shape[1]
    counts = torch.zeros(channels, 256, dtype=torch.int64)
    for some in torch.split(rows, CHUNK):
        images = examples.images[some]
        for channel in range(channels):
            counts[channel] += torch.bincount(images[:, channel].flatten(), minlength=256)
    return counts

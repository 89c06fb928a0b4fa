"""check: what is in a data set: counts, channel statistics, duplicates, and whether it is the official one."""

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from ablab.data.dataset import Dataset, Examples
from ablab.data.known import is_official

CHUNK = 4096  # images counted at a time: bincount makes 8 bytes of every pixel
NAMED = 5  # pairs of rows that are named for each kind of duplicate
UNEVEN = 1.5  # classes are called uneven when the largest has this many times the images of the smallest


@dataclass(frozen=True)
class Duplicates:
    """Images that are the same in every pixel.

    Within one part `images` counts those that repeat an earlier row; across two parts, those of the later part that
    are in the earlier one too. `conflicting` are those of them with another label than a twin. Pairs are rows.
    """

    parts: tuple[str, str]
    images: int
    conflicting: int
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Checked:
    """All that `ablab data check` prints. Mean and standard deviation are of the training part, pixels in 0..1."""

    name: str
    images: dict[str, int]  # of each part
    shape: tuple[int, int, int]  # channels, height, width
    classes: tuple[str, ...]
    per_class: dict[str, tuple[int, ...]]  # of each part, in the order of classes
    mean: tuple[float, ...]  # of each channel
    sd: tuple[float, ...]
    fingerprint: str
    official: bool | None  # None: no official files are known to compare with
    duplicates: tuple[Duplicates, ...]
    notes: tuple[str, ...]


def check(dataset: Dataset) -> Checked:
    """Everything about a data set that can be counted, in about a second for CIFAR-10."""
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    there = {name: part for name, part in parts.items() if part is not None}
    per_class = {
        name: tuple(torch.bincount(part.labels, minlength=len(dataset.classes)).tolist())
        for name, part in there.items()
    }
    mean, sd = mean_and_sd(dataset.train.images)
    return Checked(
        name=dataset.name,
        images={name: len(part) for name, part in there.items()},
        shape=dataset.in_shape,
        classes=dataset.classes,
        per_class=per_class,
        mean=mean,
        sd=sd,
        fingerprint=dataset.fingerprint,
        official=is_official(dataset),
        duplicates=duplicates(there),
        notes=(*dataset.notes, *_about_classes(dataset.classes, per_class)),
    )


def mean_and_sd(images: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of each channel over all pixels, in 0..1: exact, because they are computed from how often each value occurs."""
    means, sds = [], []
    for channel in range(images.shape[1]):
        often = torch.zeros(256, dtype=torch.int64)
        for chunk in images.split(CHUNK):  # type: ignore[no-untyped-call]
            often += torch.bincount(chunk[:, channel].reshape(-1), minlength=256)
        counts = often.tolist()
        n = max(sum(counts), 1)
        first = sum(value * count for value, count in enumerate(counts))
        second = sum(value * value * count for value, count in enumerate(counts))
        means.append(first / n / 255)
        sds.append(math.sqrt(second * n - first * first) / n / 255)  # under the root only whole numbers
    return tuple(means), tuple(sds)


def duplicates(parts: dict[str, Examples]) -> tuple[Duplicates, ...]:
    """Exact duplicates within each part and across each two of them, where there are any."""
    rows = {name: _rows_by_content(part) for name, part in parts.items()}
    labels = {name: part.labels.tolist() for name, part in parts.items()}
    found = []
    for name in parts:
        groups = [group for group in rows[name].values() if len(group) > 1]
        twins = [(group[:at], row) for group in groups for at, row in enumerate(group) if at]
        found.append(_counted((name, name), twins, labels))
    for one, other in combinations(parts, 2):
        twins = [
            (rows[one][content], row) for content, group in rows[other].items() if content in rows[one] for row in group
        ]
        found.append(_counted((one, other), twins, labels))
    return tuple(kind for kind in found if kind.images)


def _counted(parts: tuple[str, str], twins: list[tuple[list[int], int]], labels: dict[str, list[int]]) -> Duplicates:
    """`twins`: rows of the first part, and a row of the second part that shows the same."""
    one, other = (labels[name] for name in parts)
    conflicting = sum(any(one[row] != other[twin] for row in rows) for rows, twin in twins)
    pairs = sorted((rows[0], twin) for rows, twin in twins)[:NAMED]
    return Duplicates(parts, len(twins), conflicting, tuple(pairs))


def _rows_by_content(part: Examples) -> dict[bytes, list[int]]:
    rows: dict[bytes, list[int]] = defaultdict(list)
    for row, image in enumerate(part.images.reshape(len(part), -1).numpy() if len(part) else ()):
        rows[hashlib.blake2b(image, digest_size=16).digest()].append(row)
    return rows


def _about_classes(classes: tuple[str, ...], per_class: dict[str, tuple[int, ...]]) -> list[str]:
    """Classes that a part lacks, and training classes of very different size."""
    notes = []
    for part, counts in per_class.items():
        absent = [name for name, count in zip(classes, counts, strict=True) if not count]
        if absent:
            more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
            notes.append(f"no image in {part} for: {', '.join(absent[:3])}{more}")
    sizes = sorted((count, name) for name, count in zip(classes, per_class["train"], strict=True) if count)
    if sizes and sizes[-1][0] > UNEVEN * sizes[0][0]:
        (least, small), (most, large) = sizes[0], sizes[-1]
        notes.append(
            f'classes are uneven: "{large}" has {most:,} training images and "{small}" {least:,} '
            f"({most / least:.1f} times as many); accuracy mostly reflects the large classes"
        )
    return notes

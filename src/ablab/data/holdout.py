"""set_aside: test images from a source that has none, chosen once and for all by a fixed key."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from ablab import randomness
from ablab.data.dataset import Examples
from ablab.errors import DataError
from ablab.nouns import counted

PURPOSE = "test images of a source without any"


def set_aside(
    images: Tensor, labels: Tensor, classes: Sequence[str], *, fraction: float = 0.2
) -> tuple[Examples, Examples, str]:
    """Training images, test images, and a sentence that says what was done.

    The same images in the same order give the same parts on every machine. Every class that has images is on either
    side, and images that are alike to the last bit stay on one, so that no test image was ever trained on.
    """
    numbers = labels.tolist()
    counts = torch.bincount(labels, minlength=len(classes)).tolist()
    wanted = [min(count - 1, max(1, round(fraction * count))) for count in counts]
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    groups = _alike(images)
    for rows in groups:
        taken = [numbers[row] for row in rows]
        if all(wanted[label] >= taken.count(label) for label in set(taken)):
            is_test[rows] = True
            for label in taken:
                wanted[label] -= 1
    _add_missing(groups, numbers, counts, is_test)
    _check(is_test, labels, counts, classes)
    train, test = (Examples(images[rows].contiguous(), labels[rows].contiguous()) for rows in (~is_test, is_test))
    note = (
        f"the data set has no test images, so {len(test):,} of {len(labels):,} ({100 * fraction:.0f} % of each "
        "class, always the same ones) serve as test images"
    )
    return train, test, note


def _alike(images: Tensor) -> list[list[int]]:
    """The rows of each different picture, in an order that is the same everywhere."""
    groups: dict[bytes, list[int]] = {}
    for row in torch.randperm(len(images), generator=randomness.stream(0, PURPOSE)).tolist():
        groups.setdefault(hashlib.sha256(images[row].contiguous().numpy().data).digest(), []).append(row)
    return list(groups.values())


def _add_missing(groups: list[list[int]], numbers: list[int], counts: list[int], is_test: Tensor) -> None:
    """Classes whose pictures all occur too often for the share get the smallest group that leaves some to train on."""
    tested = [0] * len(counts)
    for row in is_test.nonzero().flatten().tolist():
        tested[numbers[row]] += 1
    if all(tested[label] or not count for label, count in enumerate(counts)):
        return
    for rows in sorted(groups, key=len):
        taken = [numbers[row] for row in rows]
        leaves_some = all(tested[label] + taken.count(label) < counts[label] for label in set(taken))
        if leaves_some and any(not tested[label] for label in taken):
            is_test[rows] = True
            for label in taken:
                tested[label] += 1


def _check(is_test: Tensor, labels: Tensor, counts: list[int], classes: Sequence[str]) -> None:
    tested = torch.bincount(labels[is_test], minlength=len(classes)).tolist()
    for name, count, in_test in zip(classes, counts, tested, strict=True):
        if count and not 0 < in_test < count:
            alike = "" if count == 1 else ", all or nearly all identical"
            raise DataError(
                f'class "{name}" has {counted(count, "image")}{alike}: too few to set aside test images; '
                "give test images, or more images"
            )

"""Test-time views: the pictures of one image whose predictions are averaged in validation and test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ablab.catalogue import mark
from ablab.operations import named

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class View:
    """One picture of an image, and how much what a network says to it counts."""

    change: Change
    weight: float = 1.0


def views(text: str) -> tuple[View, ...]:
    """The views that a recipe's `tta` names, the image itself first."""
    (operation,) = named("tta", text)
    made: tuple[View, ...] = operation.load()()
    return made


def averaged(logits: Sequence[Tensor], seen: Sequence[View]) -> Tensor:
    """What a network says to an image, from what it says to each of its views; without views, to the image alone."""
    if len(logits) == 1:
        return logits[0]
    if len({view.weight for view in seen}) > 1:
        whole = sum(view.weight for view in seen) / len(seen)
        logits = [each * (view.weight / whole) for each, view in zip(logits, seen, strict=True)]
    return torch.stack(tuple(logits)).mean(0)


@mark("views", "none")
@mark("views", "augment")
def plain() -> tuple[View, ...]:
    """The image alone.

    `augment` changes the images that are measured like those that are trained on, which published reports have done:
    figures become lower and noisier. That happens before the images are seen; the view itself is the image.
    """
    return (View(itself),)


@mark("views", "flip")
def flip() -> tuple[View, ...]:
    """The image and its mirror image."""
    return View(itself), View(mirrored)


@mark("views", "flip + shift")
def flip_and_shift() -> tuple[View, ...]:
    """Six views: the image and its copies shifted by one pixel to the upper left and lower right, each with its mirror.

    All of them count alike.
    """
    return View(itself), View(mirrored), *_shifted_both_ways(-1), *_shifted_both_ways(1)


@mark("views", "airbench")
def airbench() -> tuple[View, ...]:
    """The same six views as airbench weights them (Jordan 2024): the unshifted pair has half of the weight."""
    return View(itself, 2.0), View(mirrored, 2.0), *_shifted_both_ways(-1), *_shifted_both_ways(1)


def itself(images: Tensor) -> Tensor:
    """The images as they are."""
    return images


def mirrored(images: Tensor) -> Tensor:
    """Left and right changed."""
    return images.flip(-1)


def shifted(images: Tensor, step: int) -> Tensor:
    """Seen from one pixel further down and right (1) or up and left (-1), the edge mirrored."""
    height, width = images.shape[2:]
    start = 1 + step
    return functional.pad(images, (1, 1, 1, 1), mode="reflect")[:, :, start : start + height, start : start + width]


def _shifted_both_ways(step: int) -> tuple[View, View]:
    return View(lambda images: shifted(images, step)), View(lambda images: mirrored(shifted(images, step)))

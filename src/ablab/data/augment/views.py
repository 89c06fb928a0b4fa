"""Test-time views: the pictures of one image whose predictions are averaged in validation and test."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from ablab.catalogue import mark
from ablab.operations import named

View = Callable[[Tensor], Tensor]


def views(text: str) -> tuple[View, ...]:
    """The views that a recipe's `tta` names, the image itself first."""
    (operation,) = named("tta", text)
    made: tuple[View, ...] = operation.load()()
    return made


@mark("views", "none")
@mark("views", "augment")
def plain() -> tuple[View, ...]:
    """The image alone.

    `augment` changes the images that are measured like those that are trained on, which published reports have done:
    figures become lower and noisier. That happens before the images are seen; the view itself is the image.
    """
    return (itself,)


@mark("views", "flip")
def flip() -> tuple[View, ...]:
    """The image and its mirror image."""
    return itself, mirrored


@mark("views", "flip + shift")
def flip_and_shift() -> tuple[View, ...]:
    """The six views of airbench (Jordan 2024): the image and its copies shifted by one pixel, each with its mirror.

    The shifts go to the upper left and to the lower right. All views count alike; airbench gives the unshifted pair
    half of the weight.
    """
    return itself, mirrored, *_shifted_both_ways(-1), *_shifted_both_ways(1)


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
    return (lambda images: shifted(images, step)), (lambda images: mirrored(shifted(images, step)))

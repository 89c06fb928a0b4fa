"""Test-time views: the pictures of one image whose predictions are averaged in validation and test."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from ablab import grammar
from ablab.errors import DataError, did_you_mean

View = Callable[[Tensor], Tensor]


def views(text: str) -> tuple[View, ...]:
    """The views that a recipe's `tta` names, the image itself first: none, flip, or flip+shift.

    `flip+shift` has the six views of airbench (Jordan 2024): the image and its copies shifted by one pixel to the upper
    left and to the lower right, each with its mirror image. All count alike; airbench gives the unshifted pair half of
    the weight.

    `augment` changes the images that are measured like those that are trained on, which published reports have done:
    figures become lower and noisier. That happens before the images are seen; the view itself is the image.
    """
    named: dict[str, tuple[View, ...]] = {
        "none": (itself,),
        "augment": (itself,),
        "flip": (itself, mirrored),
        "flip + shift": (itself, mirrored, *(view for step in (-1, 1) for view in _shifted_both_ways(step))),
    }
    name = " + ".join(str(call) for call in grammar.calls(text)) or "none"
    if name not in named:
        raise DataError(f'tta = "{name}" is no set of views: {did_you_mean(name, named)}')
    return named[name]


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

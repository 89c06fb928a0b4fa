"""Weather: snow, frost on the lens, fog, and too bright a sky."""

import numpy as np

from ablab.catalogue import mark
from ablab.data.corruptions import Draws, Images
from ablab.data.corruptions.sampling import clouds, enlarged, streaked

BRIGHTNESS = np.array((0.299, 0.587, 0.114), np.float32)  # what red, green and blue add to it (ITU-R BT.601)
ICE = np.array((0.85, 0.93, 1.0), np.float32)  # its colour
COARSE, FINE = 1.6, 1.2  # how fast the steps of frost's two landscapes shrink


@mark("corruption", "snow", group="weather")
def snow(images: Images, strength: int, draws: Draws) -> Images:
    """Flakes that fall, seen twice, over an image that is paler by a part of its brightness."""
    mean, sd, size, least, radius, smear, kept = (
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    )[strength - 1]
    shape = (*images.shape[1:3], 1)
    flakes = enlarged(np.stack([draw.normal(mean, sd, shape) for draw in draws]).astype(np.float32), size)
    flakes = np.where(flakes < least, np.float32(0), flakes.clip(0, 1))
    fallen = streaked(flakes, int(radius), smear, np.array([draw.uniform(-135, -45) for draw in draws]))
    pale = np.maximum(images, _grey(images) * 1.5 + 0.5)
    snowy: Images = np.float32(kept) * images + np.float32(1 - kept) * pale + fallen + fallen[:, ::-1, ::-1]
    return snowy


@mark("corruption", "frost", group="weather")
def frost(images: Images, strength: int, draws: Draws) -> Images:
    """Ice crystals over the image: ridges of two random landscapes, where the paper has six photographs."""
    kept, ice = ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45))[strength - 1]
    lands = [clouds(images.shape[1:3], decay, draws) for decay in (COARSE, FINE)]
    ridges = [1 - np.abs(2 * land - 1) for land in lands]
    crystals = (ridges[0] * ridges[1])[..., None] ** 0.5
    colour = ICE if images.shape[3] == len(ICE) else ICE.mean()
    frozen: Images = (kept * images + ice * crystals * colour).astype(np.float32)
    return frozen


@mark("corruption", "fog", group="weather")
def fog(images: Images, strength: int, draws: Draws) -> Images:
    """Clouds are added, and the image is made as bright as it was at its brightest."""
    thick, decay = ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))[strength - 1]
    most = images.max((1, 2, 3), keepdims=True)
    foggy = images + thick * clouds(images.shape[1:3], decay, draws)[..., None]
    dimmed: Images = (foggy * most / (most + thick)).astype(np.float32)
    return dimmed


@mark("corruption", "brightness", group="weather")
def brightness(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """The value of hue, saturation and value is raised; hue and saturation stay."""
    more = (0.05, 0.1, 0.15, 0.2, 0.3)[strength - 1]
    value = images.max(3, keepdims=True)
    raised = np.minimum(value + np.float32(more), 1)
    brighter: Images = np.where(value > 0, images * (raised / np.where(value > 0, value, 1)), raised)
    return brighter


def _grey(images: Images) -> Images:
    return (images @ BRIGHTNESS)[..., None] if images.shape[3] == len(BRIGHTNESS) else images

"""Blur: of the lens (defocus), of what is in front of it (glass), of its motion, of zooming while it is open."""

import numpy as np
from scipy import ndimage

from ablab.catalogue import mark
from ablab.data.corruptions import Draws, Images
from ablab.data.corruptions.sampling import enlarged, streaked

REACH = 8  # pixels from the middle of a lens to its edge, at most


@mark("corruption", "defocus_blur", group="blur")
def defocus_blur(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """Every pixel becomes a disk, whose edge is smoothed."""
    radius, sd = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))[strength - 1]
    places = np.arange(-REACH, REACH + 1)
    disk = (places[:, None] ** 2 + places**2 <= radius**2).astype(np.float64)
    bell = np.exp(-(np.arange(-1, 2) ** 2) / (2 * sd**2))
    smooth = ndimage.convolve(disk / disk.sum(), np.outer(bell, bell) / bell.sum() ** 2, mode="constant")
    filled = np.flatnonzero(smooth.any(0))
    kernel = smooth[filled[0] : filled[-1] + 1, filled[0] : filled[-1] + 1].astype(np.float32)
    return ndimage.convolve(images, kernel[None, :, :, None], mode="mirror")  # type: ignore[no-any-return]


@mark("corruption", "glass_blur", group="blur")
def glass_blur(images: Images, strength: int, draws: Draws) -> Images:
    """Pixels are blurred, exchanged with pixels nearby, and blurred again."""
    sd, reach, times = ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))[strength - 1]
    count, height, width, _ = images.shape
    rows, columns = range(height - reach, reach, -1), range(width - reach, reach, -1)
    blurred = _bell(images, sd)
    moves = np.stack([draw.randint(-reach, reach, (times, len(rows), len(columns), 2)) for draw in draws])
    each = np.arange(count)
    for time in range(times):
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                down, right = moves[:, time, i, j].T
                here = blurred[each, row, column]
                blurred[each, row, column] = blurred[each, row + down, column + right]
                blurred[each, row + down, column + right] = here
    return _bell(blurred, sd)


@mark("corruption", "motion_blur", group="blur")
def motion_blur(images: Images, strength: int, draws: Draws) -> Images:
    """The image is smeared in a direction of its own, up to 45 degrees from the horizontal."""
    radius, sd = ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))[strength - 1]
    return streaked(images, radius, sd, np.array([draw.uniform(-45, 45) for draw in draws]))


@mark("corruption", "zoom_blur", group="blur")
def zoom_blur(images: Images, strength: int, draws: Draws) -> Images:  # noqa: ARG001
    """The mean of the image and of its enlargements, in steps of a hundredth."""
    most = (5, 10, 15, 20, 25)[strength - 1]
    total = images + sum(enlarged(images, 1 + step / 100) for step in range(most + 1))
    return (total / (most + 2)).astype(np.float32)


def _bell(images: Images, sd: float) -> Images:
    return ndimage.gaussian_filter(images, (0, sd, sd, 0), mode="nearest")  # type: ignore[no-any-return]

"""Noise: of light that is too faint (Gaussian, shot), and of single values that are lost (impulse)."""

import numpy as np

from ablab.catalogue import mark
from ablab.data.corruptions import Draws, Images


@mark("corruption", "gaussian_noise", group="noise")
def gaussian_noise(images: Images, strength: int, draws: Draws) -> Images:
    """Normal noise is added to every value."""
    sd = (0.04, 0.06, 0.08, 0.09, 0.10)[strength - 1]
    return images + np.float32(sd) * _normal(images, draws)


@mark("corruption", "shot_noise", group="noise")
def shot_noise(images: Images, strength: int, draws: Draws) -> Images:
    """Every value is counted in so many photons: a Poisson law."""
    photons = (500, 250, 100, 75, 50)[strength - 1]
    counts = [draw.poisson(image * photons) for image, draw in zip(images, draws, strict=True)]
    return np.stack(counts).astype(np.float32) / photons


@mark("corruption", "impulse_noise", group="noise")
def impulse_noise(images: Images, strength: int, draws: Draws) -> Images:
    """Some values become 0 or 1, either as often as the other."""
    share = (0.01, 0.02, 0.03, 0.05, 0.07)[strength - 1]
    chances = np.stack([draw.uniform(size=images.shape[1:]) for draw in draws])
    return np.where(chances < share / 2, np.float32(0), np.where(chances < share, np.float32(1), images))


def _normal(images: Images, draws: Draws) -> Images:
    return np.stack([draw.standard_normal(images.shape[1:]) for draw in draws]).astype(np.float32)

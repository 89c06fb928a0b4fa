"""Data of one's own: grey stripes that lean to one of four sides, under noise.

data = "examples/own/data.py:stripes(images=400)"
"""

import numpy as np

import ablab
from ablab.catalogue import mark
from ablab.data.dataset import Dataset


@mark("generator", "stripes")
def stripes(*, images: int = 400, size: int = 16) -> Dataset:
    """4 classes of grey stripes: upright, flat and the two diagonals; a quarter of the pictures is for the test."""
    generator = np.random.default_rng(0)  # the same pictures in every process
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    directions = np.stack([across, down, across + down, across - down])  # (4, size, size)
    labels = np.arange(images) % 4
    phases = generator.uniform(0, 2 * np.pi, (images, 1, 1))
    waves = 128 + 60 * np.sin(directions[labels] * (2 * np.pi / 6) + phases)
    pictures = (waves + generator.normal(0, 120, waves.shape)).clip(0, 255).astype(np.uint8)
    test = images // 4
    parts = (pictures[test:], labels[test:]), (pictures[:test], labels[:test])
    return ablab.from_arrays(*parts, classes=["upright", "flat", "rising", "falling"], name="stripes")

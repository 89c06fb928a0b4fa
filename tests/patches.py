"""Small data that a network can learn: 16x16 pictures whose class is the place of a bright patch."""

import pytest
import torch

from ablab.data.dataset import Examples, Splits

CLASSES = ("north west", "north east", "south west", "south east")


def patches(images: int, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 120, (images, 3, 16, 16), generator=generator, dtype=torch.uint8)
    labels = torch.arange(images) % 4
    for picture, label in zip(pictures, labels.tolist(), strict=True):
        top, left = 8 * (label // 2), 8 * (label % 2)
        picture[:, top + 1 : top + 7, left + 1 : left + 7] += 100
    return Examples(pictures, labels)


@pytest.fixture(scope="session")
def splits() -> Splits:
    """150 training images, scattered among 40 validation images, and 37 test images."""
    rows = torch.randperm(190, generator=torch.Generator().manual_seed(5))
    return Splits(patches(190, 0), rows[:150].sort().values, rows[150:].sort().values, patches(37, 1), CLASSES)

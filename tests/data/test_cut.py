"""Crops and flips that are listed: the pixels that the operations themselves make."""

import pytest
import torch

from ablab.data.augment import augmenter
from ablab.data.augment.cut import Cutter, can_cut
from ablab.data.dataset import Examples

ROWS = torch.tensor([7, 3, 3, 19, 0, 11])
LISTED = ["none", "flip", "crop(3)", "crop(2) + flip", "flip + crop(4)", "flip(mode=alternate) + crop(2) + flip"]


def augment(text, epoch=1):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 3, 12, 10), dtype=torch.uint8, generator=generator)
    examples = Examples(images, torch.randint(0, 4, (20,), generator=generator))
    return augmenter(text, seed=5, epoch=epoch, examples=examples, rows=torch.arange(20), classes=4)


@pytest.mark.parametrize("text", LISTED)
@pytest.mark.parametrize("epoch", range(3))
def test_a_cut_has_the_pixels_and_labels_of_the_augmentation(text, epoch):
    assert can_cut(augment(text, epoch))
    images, labels = augment(text, epoch)(ROWS)
    listed, same = Cutter(augment(text, epoch))(ROWS)
    assert torch.equal(listed.images(), images)
    assert torch.equal(same, labels)
    assert listed.shape == images.shape
    assert torch.equal(listed[2:5].images(), images[2:5])


@pytest.mark.parametrize("text", ["crop(2, mode=reflect)", "crop(1) + crop(1)", "crop(2) + cutout", "flip + mixup"])
def test_pixels_that_change_otherwise_are_not_listed(text):
    assert not can_cut(augment(text))

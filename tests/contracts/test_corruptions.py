"""What every corruption keeps to; the subjects are whatever the folder holds."""

import pytest
import torch

from ablab.data.corruptions import STRENGTHS, Corruption, corrupted, kinds, read_corruptions
from ablab.data.sources.phantom import phantom

IMAGES = phantom(train=20, test=24).test.images
SMOOTHING = {"defocus_blur", "motion_blur", "zoom_blur"}  # which leave fewer steps between neighbours


@pytest.mark.parametrize("kind", kinds())
def test_bytes_come_out_in_the_same_shape_and_the_images_given_stay(kind):
    before = IMAGES.clone()
    for strength in STRENGTHS:
        seen = corrupted(IMAGES, Corruption(kind, strength))
        assert (seen.dtype, seen.shape) == (torch.uint8, IMAGES.shape)
        assert not torch.equal(seen, IMAGES)
    assert torch.equal(IMAGES, before)


@pytest.mark.parametrize("kind", kinds())
def test_an_image_is_corrupted_in_one_way_whatever_stands_beside_it(kind):
    whole = corrupted(IMAGES, Corruption(kind, 3))
    assert torch.equal(corrupted(IMAGES[:5], Corruption(kind, 3)), whole[:5])
    assert torch.equal(corrupted(IMAGES, Corruption(kind, 3)), whole)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 24, 40), (1, 9, 7)], ids=str)
def test_grey_and_oblong_images_are_taken(kind, shape):
    images = torch.randint(0, 256, (3, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert corrupted(images, Corruption(kind, 5)).shape == images.shape


def test_all_are_the_fifteen_kinds_of_the_benchmark_at_five_strengths():
    assert len(kinds()) == 15
    assert len(read_corruptions(["all"])) == 75
    assert kinds()[:3] == ("gaussian_noise", "impulse_noise", "shot_noise")

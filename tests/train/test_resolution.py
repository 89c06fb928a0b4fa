"""Smaller pictures in the first epochs."""

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data import load_dataset
from ablab.errors import InputError, RecipeError
from ablab.recipe import Recipe
from ablab.train.check import check
from ablab.train.resolution import resized, side_at


def test_the_first_epochs_have_the_low_resolution_and_the_others_all_pixels():
    assert [side_at("low(24, epochs=2)", epoch) for epoch in range(4)] == [24, 24, None, None]
    assert side_at("none", 0) is None


def test_pictures_are_shrunk_as_pillow_does_it():
    """Both filter with a triangle as wide as the shrinking; they round in another place, so a pixel may differ by 1."""
    images = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours = resized(images, 24)
    for image, small in zip(images, ours, strict=True):
        whole = Image.fromarray(image.permute(1, 2, 0).numpy())
        theirs = np.asarray(whole.resize((24, 24), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
        assert abs(small.numpy().astype(int) - theirs).max() <= 1


def test_one_colour_stays_one_colour():
    assert torch.equal(
        resized(torch.full((1, 1, 32, 32), 200, dtype=torch.uint8), 7), torch.full((1, 1, 7, 7), 200).byte()
    )


@pytest.mark.parametrize("text", ["low", "low(24)", "low(2, epochs=1)", "lo(24, epochs=2)", "low(24, epochs=0)"])
def test_what_is_no_resolution_is_refused(text):
    with pytest.raises(RecipeError):
        Recipe.of({"resolution": text})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"model": "simple-nn", "resolution": "low(24, epochs=1)"}, "simple-nn"),
        ({"model": "mlp", "whiten": 100}, "whiten: the network has no convolution"),
    ],
)
def test_a_network_that_cannot_take_it_is_refused_before_anything_is_trained(keys, message):
    dataset = load_dataset("phantom(train=40, test=10)")
    with pytest.raises(InputError, match=message):
        check(Recipe.of({"data": "phantom(train=40, test=10)", "batch": 20, **keys}), dataset)
    check(Recipe.of({**keys, "batch": 20, "model": "airbench", "data": "phantom(train=40, test=10)"}), dataset)

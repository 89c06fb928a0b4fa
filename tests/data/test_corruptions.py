"""Corruptions do what their definitions say, by known answers."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data.corruptions import STRENGTHS, Corruption, corrupted, read_corruptions
from ablab.data.corruptions.sampling import clouds, enlarged, read_at, streaked
from ablab.errors import InputError

GREY = torch.full((200, 3, 32, 32), 128, dtype=torch.uint8)


def changes(kind, strength, images=GREY):
    return (corrupted(images, Corruption(kind, strength)).double() - images.double()) / 255


def spot(value=1.0, at=(16, 16)):
    image = np.zeros((1, 33, 33, 1), np.float32)
    image[0, *at, 0] = value
    return image


@pytest.mark.parametrize(("strength", "sd"), list(enumerate((0.04, 0.06, 0.08, 0.09, 0.10), 1)))
def test_gaussian_noise_has_the_spread_of_its_strength(strength, sd):
    assert float(changes("gaussian_noise", strength).std()) == pytest.approx(sd, rel=0.02)


@pytest.mark.parametrize(("strength", "photons"), list(enumerate((500, 250, 100, 75, 50), 1)))
def test_shot_noise_has_the_spread_of_counts(strength, photons):
    assert float(changes("shot_noise", strength).std()) == pytest.approx((128 / 255 / photons) ** 0.5, rel=0.02)


def test_impulse_noise_loses_as_many_values_to_black_as_to_white():
    seen = corrupted(GREY, Corruption("impulse_noise", 5))
    assert float((seen == 0).double().mean()) == pytest.approx(0.035, rel=0.03)
    assert float((seen == 255).double().mean()) == pytest.approx(0.035, rel=0.03)
    assert float((seen == 128).double().mean()) == pytest.approx(0.93, rel=0.003)


@pytest.mark.parametrize("kind", ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "contrast", "pixelate"])
def test_an_even_image_stays_as_it_is(kind):
    assert int(changes(kind, 5).abs().max() * 255) <= 1


@pytest.mark.parametrize("kind", ["defocus_blur", "motion_blur", "zoom_blur", "contrast", "fog", "jpeg_compression"])
def test_a_stronger_corruption_is_further_from_the_image(kind):
    image = torch.from_numpy(np.random.default_rng(0).integers(60, 200, (20, 3, 8, 8), dtype=np.uint8))
    images = torch.nn.functional.interpolate(image.float(), size=32, mode="bilinear").to(torch.uint8)
    far = [float(changes(kind, strength, images).abs().mean()) for strength in STRENGTHS]
    assert far == sorted(far)


def test_contrast_moves_values_towards_the_mean_of_their_channel():
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    image[:, :, 16:] = 200
    assert corrupted(image, Corruption("contrast", 2)).unique().tolist() == [50, 150]


def test_brightness_keeps_the_ratio_of_the_channels():
    image = torch.tensor([100, 50, 0], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    seen = corrupted(image, Corruption("brightness", 5))[0, :, 0, 0].tolist()
    assert seen == [176, 88, 0]  # 100 + 0.3 * 255, and the others by the same factor
    assert corrupted(torch.zeros_like(image), Corruption("brightness", 5)).unique().tolist() == [76]


def test_fog_keeps_the_brightest_value_an_upper_bound():
    assert int(corrupted(GREY, Corruption("fog", 5)).max()) <= 128


def test_glass_blur_exchanges_pixels_and_loses_none():
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    image[:, :, 16, 16] = 255
    seen = corrupted(image, Corruption("glass_blur", 1))  # its blur, of 0.05 pixels, changes nothing
    assert sorted(seen.flatten().tolist()) == sorted(image.flatten().tolist())
    assert not torch.equal(seen, image)


def test_jpeg_is_the_file_that_pillow_writes():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 3, 32, 32), dtype=np.uint8))
    file = io.BytesIO()
    Image.fromarray(image[0].permute(1, 2, 0).numpy()).save(file, "JPEG", quality=40)
    wanted = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)
    assert torch.equal(corrupted(image, Corruption("jpeg_compression", 5))[0], wanted)


def test_a_streak_lies_in_its_direction_and_keeps_all_light():
    streak = streaked(spot(), radius=3, sd=2.0, degrees=np.array([0.0]))[0, :, :, 0]
    assert np.flatnonzero(streak.any(1)).tolist() == [16]
    assert np.flatnonzero(streak.any(0)).tolist() == [10, 11, 12, 13, 14, 15, 16]
    assert streak.sum() == pytest.approx(1)
    assert np.flatnonzero(streaked(spot(), 3, 2.0, np.array([90.0]))[0, :, :, 0].any(0)).tolist() == [16]


def test_enlarging_keeps_the_middle_and_spreads_what_is_around_it():
    assert np.array_equal(enlarged(spot(), 1.0), spot())
    ramp = np.arange(33, dtype=np.float32)[None, :, None, None] * np.ones((1, 1, 33, 1), np.float32)
    seen = enlarged(ramp, 2.0)[0, :, 0, 0]
    assert seen[16] == pytest.approx(16, abs=0.3)
    assert np.diff(seen).mean() == pytest.approx(0.5, abs=0.03)


def test_reading_between_pixels_is_linear_and_mirrors_the_edge():
    row = np.arange(5, dtype=np.float32).reshape(1, 1, 5, 1)
    columns = np.array([[[0.5, 3.25, -1.0, 5.0, 2.0]]], np.float32)
    assert read_at(row, np.zeros_like(columns), columns).flatten().tolist() == [0.5, 3.25, 1.0, 3.0, 2.0]


def test_clouds_reach_from_0_to_1_and_are_smoother_where_steps_shrink_faster():
    draws = [np.random.RandomState(seed) for seed in range(20)]
    rough, smooth = (clouds((32, 32), decay, draws) for decay in (1.5, 3.0))
    assert (float(rough.min()), float(rough.max())) == (0.0, 1.0)
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.5 * np.abs(np.diff(rough, axis=1)).mean()


def test_the_same_image_is_corrupted_in_the_same_way_by_every_version():
    assert int(corrupted(GREY[:2], Corruption("impulse_noise", 3)).sum()) == 785_828
    gaussian = int(corrupted(GREY[:2], Corruption("gaussian_noise", 3)).sum())
    assert gaussian == pytest.approx(784_647, abs=10)  # logarithms may differ in their last bit


def test_a_corruption_is_named_with_or_without_its_strength():
    assert read_corruptions(["fog@2", "fog", "fog@2"]) == (
        Corruption("fog", 2),
        *(Corruption("fog", strength) for strength in (1, 3, 4, 5)),
    )
    with pytest.raises(InputError, match='no corruption is called "fogg": did you mean "fog"'):
        read_corruptions(["fogg"])
    with pytest.raises(InputError, match="give a strength from 1 to 5, such as fog@3"):
        read_corruptions(["fog@6"])

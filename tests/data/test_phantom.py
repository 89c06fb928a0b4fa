"""phantom is the same everywhere, balanced, varied, and known by its shapes alone."""

import pytest
import torch

from ablab.data import load_dataset
from ablab.data.sources.phantom import SHAPES, phantom
from ablab.errors import DataError

SMALL = {"train": 200, "test": 50}


@pytest.fixture(scope="module")
def whole():
    return phantom()


def test_its_pixels_and_labels_are_those_of_every_other_machine(whole):
    assert whole.fingerprint == "0d99c497bbdfa20579c071d570ef3671cd663a285a38f1d6b55cbb96c2dc9286"
    other = phantom(train=50, test=20, difficulty=0.2, seed=3)
    assert other.fingerprint == "9ad73e9cbc9736d5187299a0cdabfa1d9d9fdf53660624c812d7ad93cb90843b"


def test_it_has_ten_classes_of_small_colour_pictures(whole):
    assert whole.train.images.shape == (10_000, 3, 32, 32)
    assert whole.test.images.shape == (2_000, 3, 32, 32)
    assert whole.train.images.dtype == torch.uint8
    assert len(whole.classes) == 10


def test_classes_are_balanced_but_for_the_noise_of_labels():
    clean = phantom(train=1000, test=100, label_noise=0)
    assert torch.bincount(clean.train.labels).tolist() == [100] * 10
    assert torch.bincount(clean.test.labels).tolist() == [10] * 10


def test_the_first_pictures_do_not_depend_on_how_many_follow(whole):
    few = phantom(train=730, test=60)
    assert torch.equal(few.train.images, whole.train.images[:730])
    assert torch.equal(few.train.labels, whole.train.labels[:730])
    assert torch.equal(few.test.images, whole.test.images[:60])


def test_label_noise_gives_its_share_of_pictures_another_label_and_changes_no_pixel():
    clean, noisy = phantom(label_noise=0, **SMALL), phantom(label_noise=0.5, **SMALL)
    assert torch.equal(clean.train.images, noisy.train.images)
    changed = float((clean.train.labels != noisy.train.labels).float().mean())
    assert 0.3 < changed < 0.6  # half of them are drawn anew, a tenth of those as they were
    # those that a smaller share changes are changed by a larger one as well
    less = phantom(label_noise=0.1, **SMALL)
    assert bool((noisy.train.labels == less.train.labels)[clean.train.labels != less.train.labels].all())


def test_no_two_pictures_are_alike(whole):
    both = torch.cat([whole.train.images, whole.test.images])
    assert len({image.numpy().tobytes() for image in both}) == 12_000


@pytest.mark.parametrize("other", [{"seed": 1}, {"difficulty": 0.6}])
def test_another_seed_or_difficulty_gives_other_pictures(other):
    assert not torch.equal(phantom(**SMALL).train.images, phantom(**SMALL, **other).train.images)


def test_mean_pictures_of_the_classes_tell_little(whole):
    # 10 % is guessing; a small CNN reaches 80 %
    images = whole.train.images.float().flatten(1)
    means = torch.stack([images[whole.train.labels == kind].mean(0) for kind in range(10)])
    nearest = torch.cdist(whole.test.images.float().flatten(1), means).argmin(1)
    assert float((nearest == whole.test.labels).float().mean()) < 0.25


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_the_same_from_the_left_and_from_the_right(name):
    x, y = torch.meshgrid(torch.linspace(-1, 1, 41), torch.linspace(-1, 1, 41), indexing="xy")
    inside = SHAPES[name](x.numpy(), y.numpy())
    assert (inside > 0).any()
    assert not (inside > 0).all()
    assert (abs(inside - inside[:, ::-1]) < 1e-6).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"difficulty": 2}, "difficulty = 2: a number from 0 to 1"),
        ({"difficulty": "hard"}, "difficulty = 'hard'"),
        ({"label_noise": -0.1}, "label_noise = -0.1"),
        ({"label_noise": float("nan")}, "label_noise = nan"),
        ({"train": 3}, "train = 3: a whole number from 10"),
        ({"test": 100.0}, "test = 100.0"),
        ({"train": 10**9}, "train = 1000000000"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": True}, "seed = True"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_write(wrong, message):
    with pytest.raises(DataError, match=message):
        phantom(**wrong)


def test_it_is_loaded_by_its_name_with_settings_in_brackets():
    found = load_dataset("phantom(train=200, test=50)")
    assert found.fingerprint == phantom(**SMALL).fingerprint

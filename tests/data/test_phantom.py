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


@pytest.mark.slow
def test_its_pixels_and_labels_are_those_of_every_other_machine(whole):
    assert whole.fingerprint == "3199af727dcddc1d1d22e66df17cc809bf7bf4ba228c8f4cc86831e1ff3c46bc"
    other = phantom(train=50, test=20, difficulty=0.2, seed=3)
    assert other.fingerprint == "4fe15f27dc7dd3a13f936c4c164c76f01fff035c3f63adb3269efb04162e82a6"


def test_it_has_ten_classes_of_small_colour_pictures(whole):
    assert whole.train.images.shape == (10_000, 3, 32, 32)
    assert whole.test.images.shape == (2_000, 3, 32, 32)
    assert whole.train.images.dtype == torch.uint8
    assert len(whole.classes) == 10


@pytest.mark.slow
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
    assert 0.39 < changed < 0.61  # three standard deviations of a half of 200
    # those that a smaller share changes are changed by a larger one as well
    less = phantom(label_noise=0.1, **SMALL)
    assert bool((noisy.train.labels == less.train.labels)[clean.train.labels != less.train.labels].all())


def test_no_two_pictures_are_alike(whole):
    both = torch.cat([whole.train.images, whole.test.images])
    assert len({image.numpy().tobytes() for image in both}) == 12_000


@pytest.mark.parametrize("other", [{"seed": 1}, {"difficulty": 0.6}])
def test_another_seed_or_difficulty_gives_other_pictures(other):
    assert not torch.equal(phantom(**SMALL).train.images, phantom(**SMALL, **other).train.images)


def nearest_mean(train, test, labels):
    """For each test picture, the class whose mean training picture is nearest."""
    means = torch.stack([train[labels == kind].mean(0) for kind in range(10)])
    return torch.cdist(test, means).argmin(1)


def test_mean_pictures_of_the_classes_tell_nothing_because_colours_are_of_no_class(whole):
    train, test = whole.train.images.float().flatten(1), whole.test.images.float().flatten(1)
    right = (nearest_mean(train, test, whole.train.labels) == whole.test.labels).float().mean()
    assert 0.08 < float(right) < 0.12  # 10 % is guessing, and 2,000 pictures have a standard deviation of 0.7 %


def test_mean_contrasts_of_the_classes_tell_a_little(whole):
    """Where a picture differs from its own ground hints at the shape; a small CNN reaches more than twice as much."""

    def contrasts(images):
        values = images.float()
        return (values - values.mean((2, 3), keepdim=True)).abs().mean(1).flatten(1)

    found = nearest_mean(contrasts(whole.train.images), contrasts(whole.test.images), whole.train.labels)
    right = (found == whole.test.labels).float().mean()
    assert 0.15 < float(right) < 0.4


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
        ("difficulty=2", "difficulty = 2 must be from 0 to 1"),
        ("hard", "difficulty = hard must be a number"),
        ("label_noise=-0.1", "label_noise = -0.1 must be at least 0 and below 1"),
        ("label_noise=1", "label_noise = 1 must be"),
        ("train=3", "train = 3 must be from 10 to 1,000,000"),
        ("test=100.0", "test = 100.0 must be a whole number"),
        ("train=1000000000", "train = 1000000000 must be"),
        ("seed=-1", "seed = -1 must be"),
        ("seed=true", "seed = true must be a whole number"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_to_write(wrong, message):
    with pytest.raises(DataError, match=message):
        load_dataset(f"phantom({wrong})")


def test_it_is_loaded_by_its_name_with_settings_in_brackets():
    found = load_dataset("phantom(train=200, test=50)")
    assert found.fingerprint == phantom(**SMALL).fingerprint

"""Counts, statistics and duplicates of a data set against numpy, by hand, and against published figures."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.data import load_dataset
from ablab.data.check import check, duplicates, mean_and_sd
from ablab.data.dataset import Dataset, Examples


def examples(values, labels):
    """One image of 1x2x2 equal pixels for each value."""
    images = torch.tensor(values, dtype=torch.uint8).reshape(-1, 1, 1, 1).repeat(1, 1, 2, 2)
    return Examples(images, torch.tensor(labels, dtype=torch.int64))


def dataset(train, test, val=None, classes=("a", "b"), notes=()):
    return Dataset("made", classes, examples(*train), examples(*test), None if val is None else examples(*val), notes)


def test_counts_are_given_for_every_part_and_class():
    found = check(dataset(([1, 2, 3], [0, 1, 1]), ([4], [0]), ([5, 6], [1, 1]), notes=("a note",)))
    assert found.images == {"train": 3, "val": 2, "test": 1}
    assert found.per_class == {"train": (1, 2), "val": (0, 2), "test": (1, 0)}
    assert found.shape == (1, 2, 2)
    assert found.notes[0] == "a note"
    assert "no image in val for: a" in found.notes
    assert "no image in test for: b" in found.notes


def test_a_repeated_image_is_counted_once_for_every_time_it_comes_again():
    (found,) = check(dataset(([7, 8, 7, 7], [0, 0, 0, 1]), ([1], [0]))).duplicates
    assert found.parts == ("train", "train")
    assert (found.images, found.conflicting) == (2, 1)
    assert found.pairs == ((0, 2), (0, 3))


def test_test_images_that_were_trained_on_are_found_with_their_rows():
    (found,) = check(dataset(([5, 6, 7], [0, 0, 1]), ([9, 7, 5], [0, 1, 1]))).duplicates
    assert found.parts == ("train", "test")
    assert (found.images, found.conflicting) == (2, 1)
    assert found.pairs == ((0, 2), (2, 1))


def test_the_validation_part_is_compared_with_both_others():
    kinds = check(dataset(([1, 2], [0, 1]), ([3, 4], [0, 1]), ([1, 4], [0, 1]))).duplicates
    assert [kind.parts for kind in kinds] == [("train", "val"), ("val", "test")]


def test_at_most_five_pairs_are_named_and_all_are_counted():
    (found,) = check(dataset(([1] * 9, [0] * 9), ([2], [1]))).duplicates
    assert (found.images, len(found.pairs)) == (8, 5)


def test_images_that_differ_in_one_bit_of_the_last_pixel_are_no_duplicates():
    images = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    images[1, 2, 31, 31] = 1
    part = Examples(images, torch.tensor([0, 0]))
    assert duplicates({"train": part}) == ()


@given(values=st.lists(st.integers(0, 30), min_size=1, max_size=60), seed=st.integers(0, 1000))
@settings(max_examples=60)
def test_duplicates_agree_with_counting_by_hand(values, seed):
    labels = [(value * seed + at * seed) % 2 for at, value in enumerate(values)]
    kinds = duplicates({"train": examples(values, labels)})
    repeats = [at for at, value in enumerate(values) if value in values[:at]]
    clashes = [at for at in repeats if any(values[b] == values[at] and labels[b] != labels[at] for b in range(at))]
    assert sum(kind.images for kind in kinds) == len(repeats)
    assert sum(kind.conflicting for kind in kinds) == len(clashes)


def test_mean_and_sd_are_numpys_to_the_last_digits():
    images = torch.randint(0, 256, (5000, 3, 4, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    images[:, 1] //= 7
    mean, sd = mean_and_sd(images)
    reference = images.numpy().astype(np.float64) / 255
    np.testing.assert_allclose(mean, reference.mean(axis=(0, 2, 3)), rtol=1e-13)
    np.testing.assert_allclose(sd, reference.std(axis=(0, 2, 3)), rtol=1e-12)


def test_a_constant_image_has_no_deviation():
    assert mean_and_sd(torch.full((3, 1, 2, 2), 51, dtype=torch.uint8)) == ((0.2,), (0.0,))


def test_uneven_classes_are_named_with_their_counts():
    train = (list(range(40)), [0] * 30 + [1] * 10)
    (note,) = check(dataset(train, ([100, 101], [0, 1]))).notes
    assert '"a" has 30 training images and "b" 10 (3.0 times as many)' in note
    assert check(dataset((list(range(40)), [0, 1] * 20), ([100, 101], [0, 1]))).notes == ()


def test_everything_can_be_written_as_json():
    found = check(dataset(([1, 1], [0, 1]), ([1, 3], [0, 1])))
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["duplicates"][0]["pairs"] == [[0, 1]]
    assert found.official is None


@pytest.mark.real_data
def test_cifar10_has_the_published_statistics(cifar_root, tmp_path, monkeypatch):
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path))
    found = check(load_dataset("cifar10", cifar_root))
    assert found.images == {"train": 50_000, "test": 10_000}
    assert found.per_class == {"train": (5000,) * 10, "test": (1000,) * 10}
    assert [f"{value:.4f}" for value in found.mean] == ["0.4914", "0.4822", "0.4465"]
    assert [f"{value:.4f}" for value in found.sd] == ["0.2470", "0.2435", "0.2616"]
    assert found.official is True
    assert found.duplicates == ()  # near duplicates are known of, but no two images are equal in every pixel

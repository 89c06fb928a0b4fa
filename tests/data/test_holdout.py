"""Test images of a source that has none: always the same, of every class, and never seen in training."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablab.data.holdout import set_aside
from ablab.errors import DataError

CLASSES = ("cat", "dog", "emu")


def pictures(values):
    """One grey pixel each: images with the same value are alike to the last bit."""
    return torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1)


def spread(count=90):
    return pictures([n % 256 for n in range(count)]), torch.arange(count) % 3


def test_a_fifth_of_every_class_is_set_aside_and_nothing_is_lost():
    images, labels = spread()
    train, test, note = set_aside(images, labels, CLASSES)
    assert torch.bincount(test.labels).tolist() == [6, 6, 6]
    assert sorted([*train.images.flatten().tolist(), *test.images.flatten().tolist()]) == list(range(90))
    assert "18 of 90" in note


def test_pictures_keep_their_labels():
    images, labels = spread()
    for part in set_aside(images, labels, CLASSES)[:2]:
        assert torch.equal(part.images.flatten() % 3, part.labels)


def test_the_same_images_give_the_same_parts():
    first, again = set_aside(*spread(), CLASSES), set_aside(*spread(), CLASSES)
    assert [part.fingerprint for part in first[:2]] == [part.fingerprint for part in again[:2]]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=30, max_size=80))
def test_images_that_are_alike_are_on_one_side(values):
    labels = torch.arange(len(values)) % 3
    try:
        train, test, _ = set_aside(pictures(values), labels, CLASSES)
    except DataError:
        return  # some class is nearly all duplicates
    assert not {*train.images.flatten().tolist()} & {*test.images.flatten().tolist()}
    assert {*train.labels.tolist()} == {*test.labels.tolist()} == {0, 1, 2}
    assert len(train) + len(test) == len(values)


@pytest.mark.parametrize(
    ("values", "labels"), [([1, 2, 3, 4, 5], [0, 0, 1, 2, 2]), ([1, 2, 7, 7, 3, 4], [0, 0, 1, 1, 2, 2])]
)
def test_a_class_with_too_little_to_divide_is_named(values, labels):
    with pytest.raises(DataError, match="dog"):
        set_aside(pictures(values), torch.tensor(labels), CLASSES)

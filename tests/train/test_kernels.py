"""Training with compiled kernels: the same story, the same bits twice, and a mark where a run changes between them."""

import pytest

from ablab.events import EpochDone, Started
from ablab.execute.run_one import machine
from ablab.kernels import small
from ablab.recipe import Recipe
from ablab.train.loop import train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(small.code() is None, reason="needs a C++ compiler"),
]

PLAIN = Recipe.of({"epochs": 2, "batch": 32, "lr": 0.05, "precision": "fp32", "average": "ema(0.9)"})
FAST = PLAIN.with_("kernels=auto")


def followed(recipe, splits):
    events = list(train(recipe, splits, 0))
    return events[0], [event.row for event in events if isinstance(event, EpochDone)]


def losses(rows):
    return [loss for row in rows for loss in (row.train_loss, row.val_loss)]


def test_a_run_with_kernels_follows_the_one_without(splits):
    (plain, plain_rows), (fast, fast_rows) = followed(PLAIN, splits), followed(FAST, splits)
    assert losses(fast_rows) == pytest.approx(losses(plain_rows), rel=1e-3)
    assert isinstance(plain, Started)
    assert not plain.kernels
    assert losses(fast_rows) != losses(plain_rows)  # sums are made in another order
    assert machine(fast).capability == f"{machine(plain).capability}, {fast.kernels}"


def test_a_run_with_kernels_has_the_same_bits_again(splits):
    (_, first), (_, second) = followed(FAST, splits), followed(FAST, splits)
    assert losses(first) == losses(second)


def test_images_that_are_moved_on_the_way_train_as_those_that_are_moved_before(splits):
    moved = FAST.with_("augment=crop(4)+flip")
    (_, rows), (_, plain) = followed(moved, splits), followed(moved.with_("kernels=off"), splits)
    assert losses(rows) == pytest.approx(losses(plain), rel=1e-3)


def test_smaller_pictures_in_the_first_epoch_go_through_kernels_too(splits):
    small_first = FAST.with_("resolution=low(16,epochs=1) augment=crop(2)+flip")
    (_, rows), (_, plain) = followed(small_first, splits), followed(small_first.with_("kernels=off"), splits)
    assert losses(rows) == pytest.approx(losses(plain), rel=1e-3)


@pytest.mark.parametrize("precision", ["auto", "bf16"])
def test_a_precision_that_is_left_open_is_fp32_for_a_network_that_kernels_run(splits, precision):
    started, _ = followed(FAST.with_(f"precision={precision}"), splits)
    assert started.precision == {"auto": "fp32", "bf16": "bf16"}[precision]


def test_a_recipe_without_kernels_keeps_its_hash():
    assert Recipe.of({"kernels": "off"}).hash == Recipe.of({}).hash != FAST.hash

"""Training in bf16 with compiled convolutions: the same story as autocast's, and the same bits twice."""

import pytest

from ablab.events import EpochDone
from ablab.kernels import flat
from ablab.recipe import Recipe
from ablab.train.loop import train

pytestmark = [pytest.mark.slow, pytest.mark.skipif(flat.code() is None, reason="needs a C++ compiler")]


def followed(recipe, splits):
    events = list(train(recipe, splits, 0))
    return events[0], [event.row for event in events if isinstance(event, EpochDone)]


def losses(rows):
    return [loss for row in rows for loss in (row.train_loss, row.val_loss)]


@pytest.fixture
def recipes(monkeypatch):
    """Autocast's recipe, and the same in kernels, on a machine where they are faster, whatever this one is."""
    monkeypatch.setattr(flat, "is_faster_here", lambda: True)
    plain = Recipe.of({"epochs": 2, "batch": 32, "lr": 0.05, "precision": "bf16", "model": "cnn3"})
    return plain, plain.with_("kernels=auto")


def test_a_run_in_bf16_with_kernels_follows_the_one_under_autocast(recipes, splits):
    (plain, plain_rows), (fast, fast_rows) = (followed(recipe, splits) for recipe in recipes)
    assert not plain.kernels
    assert fast.kernels.startswith("kernels ")
    assert losses(fast_rows) == pytest.approx(losses(plain_rows), rel=0.02)
    assert losses(fast_rows) != losses(plain_rows)  # fp32 rounds less


def test_a_run_in_bf16_with_kernels_has_the_same_bits_again(recipes, splits):
    (_, first), (_, second) = (followed(recipes[1], splits) for _ in range(2))
    assert losses(first) == losses(second)

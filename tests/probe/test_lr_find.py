"""The range test finds a rate that trains, and leaves everything as it was."""

import pytest
import torch

from ablab.events import EpochDone, Finished
from ablab.probe.lr_find import HIGH, LOW, range_test, suggestion
from ablab.recipe import Recipe
from ablab.train.loop import train

SMALL = Recipe.of({"batch": 32, "precision": "fp32", "epochs": 8})


@pytest.mark.slow
def test_the_suggestion_trains_better_than_a_tenth_of_it_and_better_than_ten_times(splits):
    found = range_test(SMALL, splits, 0)
    assert found.suggestion is not None

    def accuracy(rate):
        *_, last = train(SMALL.with_(f"lr={rate} schedule=constant epochs=4"), splits, 0)
        return last.test.loss if isinstance(last, Finished) else 99.0

    assert accuracy(found.suggestion) < accuracy(found.suggestion / 20)


def test_rates_rise_by_one_factor_until_the_loss_is_far_above_its_lowest(splits):
    found = range_test(SMALL, splits, 0, steps=100)
    factor = (HIGH / LOW) ** (1 / 99)
    assert found.rates[0] == LOW
    assert all(abs(b / a / factor - 1) < 1e-9 for a, b in zip(found.rates, found.rates[1:], strict=False))
    assert len(found.rates) == len(found.losses) < 100


@pytest.mark.slow
def test_a_run_afterwards_is_what_it_would_have_been(splits):
    def curve():
        events = train(SMALL.with_("epochs=2 dropout=0.5 augment=crop(2)"), splits, 0)
        return [(e.row.train_loss, e.row.val_loss) for e in events if isinstance(e, EpochDone)]

    before, state = curve(), torch.get_rng_state()
    range_test(SMALL.with_("dropout=0.5 augment=crop(2)"), splits, 0, steps=50)
    assert torch.equal(torch.get_rng_state(), state)
    assert curve() == before


def test_where_no_rate_helps_there_is_no_suggestion():
    assert suggestion([0.1, 1.0], [2.3, 2.29]) is None
    assert suggestion([], []) is None

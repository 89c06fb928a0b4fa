"""Which epoch counts, and when a run is over."""

import pytest

from ablab.events import EpochDone
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement
from ablab.train.loop import train
from ablab.train.select import is_better, reason_to_stop


def curve(*accuracies, seconds=10.0):
    return [EpochRow(i, 0.1, 1.0, 0.5, 1.0, a, seconds, 100) for i, a in enumerate(accuracies, start=1)]


@pytest.mark.parametrize(
    ("text", "accuracies", "reason"),
    [
        ("patience=2", [0.5, 0.6, 0.59], ""),
        ("patience=2", [0.5, 0.6, 0.59, 0.6], "2 epochs without improvement on epoch 2"),
        ("patience=1", [], ""),
        ("target=60", [0.5, 0.599], ""),
        ("target=60", [0.5, 0.6], "validation accuracy reached 60 %"),
        ("time=25s", [0.1, 0.2], ""),
        ("time=25s", [0.1, 0.2, 0.3], "training took 25s"),
        ("floor=2:30", [0.1], ""),
        ("floor=2:30", [0.3, 0.1], ""),
        ("floor=2:30", [0.1, 0.29], "validation accuracy stayed below 30 %"),
        ("floor=2:30", [0.1, 0.2, 0.2], ""),
        ("", [0.1] * 99, ""),
    ],
)
def test_a_run_is_over_when_its_recipe_says_so(text, accuracies, reason):
    recipe = Recipe.of({}).with_(text) if text else Recipe.of({})
    assert reason_to_stop(recipe, curve(*accuracies)) == reason


def test_more_right_is_better_then_a_lower_loss_then_the_earlier():
    base = Measurement(1.0, 0.5, 100)
    assert is_better(base, None)
    assert is_better(Measurement(2.0, 0.6, 100), base)
    assert is_better(Measurement(0.9, 0.5, 100), base)
    assert not is_better(base, base)


def test_a_run_stops_and_says_why(splits):
    events = list(train(Recipe.of({"epochs": 30, "batch": 32, "lr": 0.05, "target": 80.0}), splits, 0))
    rows = [event.row for event in events if isinstance(event, EpochDone)]
    assert len(rows) < 30
    assert rows[-1].val_accuracy >= 0.8 > rows[-2].val_accuracy
    assert events[-1].stopped == "validation accuracy reached 80 %"


def test_steps_end_a_run_within_an_epoch(splits):
    recipe = Recipe.of({"steps": 7, "batch": 32, "lr": 0.05, "precision": "fp32"})
    rows = [event.row for event in train(recipe, splits, 0) if isinstance(event, EpochDone)]
    assert [row.examples for row in rows] == [150, 64]
    assert rows[-1].lr == pytest.approx(0.05 * 0.049516, rel=1e-3)  # the last of 7 steps of a cosine


def test_ema_is_what_is_measured_and_selected(splits):
    recipe = Recipe.of({"epochs": 4, "batch": 32, "lr": 0.05, "average": "ema(decay=0.9)", "select": "last"})
    plain = list(train(recipe.with_("average=none"), splits, 0))
    averaged = list(train(recipe, splits, 0))
    assert plain[1].row.train_loss == averaged[1].row.train_loss  # the training itself is the same
    assert plain[1].row.val_loss != averaged[1].row.val_loss
    state = averaged[-1].state
    assert all((state.net.state_dict()[name] == tensor).all() for name, tensor in state.average.weights.items())


def test_what_is_selected_on_the_test_images_is_the_average_too(splits):
    recipe = Recipe.of({"epochs": 3, "batch": 32, "lr": 0.05, "average": "ema(decay=0.9)", "select": "test"})
    *_, finished = train(recipe, splits, 0)
    assert finished.is_biased
    assert finished.test.accuracy == finished.state.best.accuracy
    assert finished.test.loss == pytest.approx(finished.state.best.loss, rel=1e-6)


def test_a_recipe_that_selects_on_the_test_images_stops_by_them():
    recipe, best = Recipe.of({}).with_("target=60 select=test"), Measurement(1.0, 0.6, 100)
    assert reason_to_stop(recipe, curve(0.5), best) == "test accuracy reached 60 %"
    assert reason_to_stop(recipe, curve(0.7), Measurement(1.0, 0.59, 100)) == ""
    assert reason_to_stop(recipe.with_("select=best"), curve(0.5), best) == ""

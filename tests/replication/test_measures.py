"""Figures of a run are those that a report would print of it."""

import dataclasses

import pytest

from ablab.records import EpochRow, Measurement
from ablab.replication.measures import MEASURES
from sample_runs import sample_run

CURVE = (
    EpochRow(1, 0.1, 1.9, 0.30, 1.6, 0.40, 2.0),
    EpochRow(2, 0.1, 1.2, 0.55, 1.2, 0.60, 1.0),
    EpochRow(3, 0.1, 0.9, 0.70, 1.1, 0.62, 1.0),
    EpochRow(4, 0.1, 0.5, 0.80, 1.3, 0.58, 1.0),
)
RUN = dataclasses.replace(sample_run(0, 0.61), curve=CURVE, train=Measurement(0.8, 0.75, 1000))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("test", 61.0),
        ("best_val", 62.0),
        ("last_val", 58.0),
        ("mean_val", 55.0),
        ("last_train", 80.0),
        ("train_at_best", 70.0),
        ("gap", 14.0),
        ("last_gap", 22.0),
        ("first_train_loss", 1.9),
        ("first_val_loss", 1.6),
        ("last_train_loss", 0.5),
        ("last_val_loss", 1.3),
        ("train_loss_at_best", 0.9),
        ("val_loss_at_best", 1.1),
        ("untrained_loss", 2.3046),
        ("best_epoch", 3),
        ("overfits_from", 3),
        ("seconds", 1.5),
        ("epoch_seconds", 0.75),
    ],
)
def test_a_measure_is_what_it_says(name, value):
    assert MEASURES[name].of(RUN) == pytest.approx(value)


def test_a_steady_loss_has_small_steps():
    steady = tuple(dataclasses.replace(row, val_loss=2.0 - 0.1 * row.epoch) for row in CURVE)
    assert MEASURES["val_loss_steps"].of(dataclasses.replace(RUN, curve=steady)) == pytest.approx(0.0, abs=1e-9)
    assert MEASURES["val_loss_steps"].of(RUN) > 0.1


def test_a_run_that_broke_down_has_no_last_epoch():
    broken = dataclasses.replace(RUN, status="diverged", test=None)
    assert all(MEASURES[name].of(broken) is None for name in ("test", "best_val", "last_val", "last_train_loss", "gap"))
    assert MEASURES["first_train_loss"].of(broken) == 1.9

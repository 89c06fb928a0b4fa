"""What a curve says in words and in a line of blocks."""

import pytest

from ablab.records import Cost, EpochRow
from ablab.report.curve import fitting, overfits_from, sparkline, to_target


def row(epoch, train_loss, val_loss, val_accuracy=0.5, train_accuracy=0.5):
    return EpochRow(epoch, 0.1, train_loss, train_accuracy, val_loss, val_accuracy, 2.0, 1000)


def test_it_overfits_from_the_lowest_validation_loss_on_if_that_rises_while_training_falls():
    curve = [row(1, 2.0, 2.0), row(2, 1.5, 1.6), row(3, 1.0, 1.8), row(4, 0.5, 2.1, 0.5, 0.9)]
    assert overfits_from(curve) == 2
    assert "overfits from epoch 2 on" in fitting(curve)
    assert "training is 40.0 points above validation" in fitting(curve)


@pytest.mark.parametrize(
    "curve", [[], [row(1, 2.0, 2.0)], [row(1, 2.0, 2.0), row(2, 1.0, 2.05)], [row(1, 1.0, 2.0), row(2, 2.0, 3.0)]]
)
def test_a_small_rise_or_a_training_loss_that_rises_too_is_no_overfitting(curve):
    assert overfits_from(curve) is None


def test_the_way_to_a_target_has_epochs_seconds_examples_and_operations():
    cost = Cost(6.0, 7.0, 3, 3000, 10, macs=1_000_000)
    curve = [row(1, 1, 1, 0.3), row(2, 1, 1, 0.7), row(3, 1, 1, 0.9)]
    assert (
        to_target(curve, 70, cost)
        == "70 % reached after 2 epochs, 4.0 s of training, 2,000 examples, 1.2e+10 operations"
    )
    assert to_target(curve, 95, cost) == "95 % never reached: the best epoch had 90.00 %"


def test_a_long_curve_has_as_many_blocks_as_there_is_room():
    assert len(sparkline(list(range(1000)), 24)) <= 24
    assert sparkline([1.0, 1.0]) == "▁▁"
    assert sparkline([]) == ""

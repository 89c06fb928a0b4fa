"""When a curve reaches a target, what that took, and where it begins to overfit."""

import pytest

from ablab.records import EpochRow
from ablab.statistics.learning import Effort, effort_to, epochs_to, overfits_from


def row(epoch, train_loss=1.0, val_loss=1.0, val_accuracy=0.5):
    return EpochRow(epoch, 0.1, train_loss, 0.5, val_loss, val_accuracy, 2.0, 1000)


def reaching(*accuracies):
    return [row(epoch, val_accuracy=accuracy) for epoch, accuracy in enumerate(accuracies, 1)]


def test_the_time_to_a_target_lies_on_the_line_between_two_epochs():
    curve = reaching(0.2, 0.4, 0.3, 0.8)
    assert epochs_to(curve, 0.3) == pytest.approx(1.5)
    assert epochs_to(curve, 0.5) == pytest.approx(3.4)
    assert epochs_to(curve, 0.1) == 1.0
    assert epochs_to(curve, 0.9) is None
    assert epochs_to([], 0.1) is None


def test_the_effort_to_a_target_is_that_of_the_whole_epochs_up_to_it():
    curve = reaching(0.3, 0.7, 0.9)
    assert effort_to(curve, 70) == Effort(2, 4.0, 2000)
    assert effort_to(curve, 95) is None


def test_it_overfits_from_the_lowest_validation_loss_on_if_that_rises_while_training_falls():
    assert overfits_from([row(1, 2.0, 2.0), row(2, 1.5, 1.6), row(3, 1.0, 1.8), row(4, 0.5, 2.1)]) == 2


@pytest.mark.parametrize(
    "curve", [[], [row(1, 2.0, 2.0)], [row(1, 2.0, 2.0), row(2, 1.0, 2.05)], [row(1, 1.0, 2.0), row(2, 2.0, 3.0)]]
)
def test_a_small_rise_or_a_training_loss_that_rises_too_is_no_overfitting(curve):
    assert overfits_from(curve) is None

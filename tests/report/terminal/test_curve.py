"""What a curve says in sentences."""

from ablab.records import Cost, EpochRow
from ablab.report.terminal.curve import fitting, to_target


def row(epoch, train_loss, val_loss, val_accuracy=0.5, train_accuracy=0.5):
    return EpochRow(epoch, 0.1, train_loss, train_accuracy, val_loss, val_accuracy, 2.0, 1000)


def test_a_sentence_says_from_which_epoch_on_it_overfits_and_how_far_it_is_apart_at_the_end():
    curve = [row(1, 2.0, 2.0), row(2, 1.5, 1.6), row(3, 1.0, 1.8), row(4, 0.5, 2.1, 0.5, 0.9)]
    assert "overfits from epoch 2 on" in fitting(curve)
    assert "training is 40.0 points above validation" in fitting(curve)


def test_the_way_to_a_target_has_epochs_seconds_examples_and_operations():
    cost = Cost(6.0, 7.0, 3, 3000, 10, macs=1_000_000)
    curve = [row(1, 1, 1, 0.3), row(2, 1, 1, 0.7), row(3, 1, 1, 0.9)]
    assert (
        to_target(curve, 70, cost)
        == "70 % reached after 2 epochs, 4.0 s of training, 2,000 examples, 1.2e+10 operations"
    )
    assert to_target(curve, 95, cost) == "95 % was never reached: the best epoch had 90.00 %"

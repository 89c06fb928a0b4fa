"""Wide ResNets: the paper's counts, depth and dropout."""

import pytest

from ablab.errors import ModelError
from networks import CIFAR10, CIFAR100, outline, parameters


@pytest.mark.parametrize(
    ("name", "io", "count", "millions"),
    [
        # Zagoruyko & Komodakis 2016, tables 4 and 5, state these millions
        ("wrn-40-2", CIFAR10, 2_243_546, 2.2),
        ("wrn-40-4", CIFAR10, 8_949_210, 8.9),
        ("wrn-16-8", CIFAR10, 10_961_370, 11.0),
        ("wrn-28-10", CIFAR10, 36_479_194, 36.5),
        ("wrn-16-4", CIFAR10, 2_748_890, 2.7),
        ("wrn-28-10", CIFAR100, 36_536_884, 36.5),
    ],
)
def test_it_has_the_published_number_of_parameters(name, io, count, millions):
    assert parameters(outline(name, io)) == count
    assert count / 1e6 == pytest.approx(millions, abs=0.06)


def test_depth_and_widening_can_be_chosen():
    assert parameters(outline("wrn-16-4", depth=28, widen=10)) == 36_479_194


def test_dropout_stands_between_the_convolutions_of_every_block():
    net = outline("wrn-16-4", dropout=0.3)
    assert [name for name, _ in net.stage1.block1.main.named_children()] == ["conv1", "norm", "act", "drop", "conv2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 20}, "depth = 20: write 4 plus a multiple of 6"),
        ({"depth": 4}, "depth = 4"),
        ({"widen": 0}, "widen = 0: write a whole number of at least 1"),
        ({"widen": 2.5}, "must be a whole number"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(options, message):
    with pytest.raises(ModelError, match=message):
        outline("wrn-16-4", **options)

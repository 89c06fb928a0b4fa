"""The layers of two networks are matched, and their totals compared."""

import pytest
from torch import nn

from ablab.arithmetic import inspect, versus


@pytest.fixture
def small():
    net = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.Flatten())
    net.add_module("head_a", nn.Linear(64 * 16, 10))
    return inspect(net, (32, 4, 4), batch=8)


@pytest.fixture
def larger():
    net = nn.Sequential(
        nn.Conv2d(32, 32, 5), nn.ReLU(), nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 10)
    )
    return inspect(net, (32, 6, 6), batch=8)


def test_layers_of_two_networks_stand_beside_those_of_their_kind_and_none_is_lost(small, larger):
    lines = versus.pairs(small, larger)
    assert [one for one, _ in lines if one] == list(small.rows)
    assert [other for _, other in lines if other] == list(larger.rows)
    both = [(one.kind, other.kind) for one, other in lines if one and other]
    assert both == [("conv", "conv"), ("activation", "activation"), ("shape", "shape"), ("linear", "linear")]
    assert lines[0] == (small.rows[0], larger.rows[0])


def test_differences_and_ratios_are_those_of_the_second_to_the_first(small, larger):
    by_name = {line["what"]: line for line in versus.differences(small, larger)}
    parameters = by_name["parameters"]
    assert parameters["difference"] == larger.parameters - small.parameters
    assert parameters["ratio"] == larger.parameters / small.parameters
    assert by_name["weighted layers"]["difference"] == 1
    assert versus.differences(larger, small)[2]["ratio"] is None  # no buffers in the first

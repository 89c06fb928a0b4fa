"""What is told of the weights after a training."""

import torch
from torch import nn

from ablab.train.weights import BINS, weight_facts


def test_small_weights_are_counted_and_all_are_in_the_histogram():
    net = nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[0.0, 0.0009, -0.0009, 0.0011], [0.2, -0.2, 3.0, -3.0]]))
    facts = weight_facts(net)
    assert facts.number == 8  # biases and norms are not among them
    assert facts.near_zero == 3 / 8
    assert sum(facts.counts) == 8
    assert facts.counts[0] == facts.counts[-1] == 1  # those outside are in the outer bins
    assert facts.counts[BINS // 2] == 4
    assert facts.rms == (net[0].weight.double() ** 2).mean().sqrt().item()


def test_a_network_without_such_weights_has_no_facts():
    assert weight_facts(nn.Sequential(nn.BatchNorm2d(3))) is None

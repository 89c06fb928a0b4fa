"""Averaged weights: followed by hand, measured in place of the trained ones, and put back."""

import pytest
import torch
from torch import nn

from ablab.errors import RecipeError
from ablab.train.average import make_average


def scalar(value=1.0):
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


def walk(text, path):
    """The average and the weight after each step of a weight that somebody else moves along `path`."""
    net = scalar(path[0])
    average = make_average(text, net)
    seen = []
    for value in path[1:]:
        nn.init.constant_(net.weight, value)
        average.follow()
        seen.append((average.weights["weight"].item(), net.weight.item()))
    return seen


def test_ema_moves_by_its_share_and_faster_at_first():
    expected, average = [], 1.0
    for step, value in enumerate([3.0, 2.0, 5.0], start=1):
        kept = min(0.3, (step + 1) / (step + 10))
        average = kept * average + (1 - kept) * value
        expected.append(average)
    assert [one for one, _ in walk("ema(decay=0.3)", [1.0, 3.0, 2.0, 5.0])] == pytest.approx(expected)


def test_lookahead_returns_every_few_steps_to_where_it_is_between():
    seen = walk("lookahead(every=2, share=0.5)", [1.0, 4.0, 5.0, 6.0, 9.0])
    assert seen[0] == (1.0, 4.0)
    assert seen[1] == (3.0, 3.0)  # half-way from 1 to 5, and the weight goes there
    assert seen[2] == (3.0, 6.0)
    assert seen[3] == (6.0, 6.0)


def test_while_it_is_open_the_network_has_the_averaged_weights_and_norms_and_then_its_own_again():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = make_average("ema", net)
    with torch.no_grad():
        net[0].weight.add_(1)
        net[1].running_mean.add_(1)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with average.in_place_of():
        torch.testing.assert_close(net[0].weight.detach(), before["0.weight"] - 1)
        torch.testing.assert_close(net[1].running_mean, before["1.running_mean"] - 1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_none_is_no_average():
    assert make_average("none", scalar()) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("emma", 'no average is called "emma": did you mean "ema"'),
        ("lookahead(2.5)", "every = 2.5 must be a whole number"),
        ("ema(decay=1)", "decay = 1 must be above 0 and below 1"),
        ("lookahead(every=0)", "every = 0 must be at least 1"),
        ("lookahead(share=0)", "share = 0 must be above 0 and at most 1"),
    ],
)
def test_an_average_that_none_can_take_is_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        make_average(text, scalar())


def test_a_growing_lookahead_follows_at_first_and_holds_back_more_and_more():
    net = scalar()
    average = make_average("lookahead(every=1, share=0.2, grow=2)", net, steps=10)
    name = next(iter(average.weights))
    kept = [0.0]
    for step in range(1, 11):
        with torch.no_grad():
            dict(net.named_parameters())[name].fill_(float(step))
        average.follow()
        behind = 0.8 * (step / 10) ** 2
        kept.append(behind * (kept[-1] if step > 1 else 1.0) + (1 - behind) * step)
        assert float(average.weights[name]) == pytest.approx(kept[-1], rel=1e-5)

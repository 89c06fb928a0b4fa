"""airbench: the network of the fastest public CIFAR-10 recipes."""

import pytest
import torch
from torch import nn

from ablab.errors import ModelError
from ablab.models import Io, build
from networks import CIFAR10, children, megamacs, outline, parameters


def test_its_size_is_that_of_the_published_network():
    """Jordan 2024 gives 1.97 million parameters, and 3.6e14 operations for 9.9 epochs of 50,000 images."""
    net = outline("airbench")
    assert round(parameters(net) / 1e6, 2) == 1.97
    assert 3 * 2 * 1e6 * megamacs(net) * 50_000 * 9.9 == pytest.approx(3.6e14, rel=0.03)


def test_layers_come_in_the_order_of_its_description():
    net = outline("airbench")
    assert children(net) == "whiten whiten_act block1 block2 block3 pool flatten head divided"
    assert children(net.block1) == "conv1 pool norm1 act1 conv2 norm2 act2"
    assert tuple(net.whiten.weight.shape) == (24, 3, 2, 2)
    assert (net.block1.norm1.momentum, net.block1.norm1.eps) == (0.4, 1e-12)
    assert isinstance(net.block1.act1, nn.GELU)


@pytest.mark.parametrize(("channels", "side"), [(3, 32), (3, 24), (1, 28)])
def test_it_takes_smaller_and_grey_pictures(channels, side):
    net = build("airbench", Io(channels, side, side, 7), width=0.1).eval()
    assert net(torch.zeros(2, channels, side, side)).shape == (2, 7)
    assert len(net.whiten.weight) == 8 * channels


def test_outputs_are_divided():
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    whole, ninth = (build("airbench", CIFAR10, width=0.1, divisor=each).eval() for each in (1.0, 9.0))
    ninth.load_state_dict(whole.state_dict())
    torch.testing.assert_close(9 * ninth(images), whole(images))


def test_it_has_three_blocks():
    with pytest.raises(ModelError, match="has length 2, but there are 3 blocks"):
        outline("airbench", channels=[8, 8])

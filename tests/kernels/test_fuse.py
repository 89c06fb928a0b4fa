"""Recognising chains: the same parameters under the same names, and everything else as it was."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ablab.kernels import fuse, kernels_of, small
from ablab.kernels.fuse import Chain, Fused
from ablab.models import Io, build

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(small.code() is None, reason="needs a C++ compiler")


def chains(net):
    """How many layers each chain of a network holds."""
    return [len(p.layers) for m in net.modules() if isinstance(m, Fused) for p in m.parts if isinstance(p, Chain)]


class Own(nn.Module):
    """A network of somebody's own, with a chain inside, in training one pixel brighter."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.0))
        self.head = nn.Linear(6 * 14 * 14, 10)

    def forward(self, x):
        return self.head(self.features(x + self.training).flatten(1))


@pytest.mark.parametrize("make", [lambda: build("simple-nn", Io(3, 32, 32, 10)), Own], ids=["of the zoo", "own"])
def test_a_fused_network_trains_the_same_parameters_under_the_same_names(make):
    net = make()
    fused = fuse(net, CPU)
    x = torch.randn(20, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert kernels_of(fused).startswith("kernels ")
    assert list(fused.state_dict()) == list(net.state_dict())
    assert all(a is b for a, b in zip(fused.parameters(), net.parameters(), strict=True))
    for is_training in (False, True):
        assert torch.allclose(fused.train(is_training)(x), net.train(is_training)(x), atol=1e-5)


def test_blocks_that_follow_each_other_are_one_chain():
    assert chains(fuse(build("simple-nn", Io(3, 32, 32, 10)), CPU)) == [6]


class Backwards(nn.Sequential):
    def forward(self, x):
        return super().forward(x.flip(3))


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.GELU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(3, 2)),
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)),
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular"), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        Backwards(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2)),
        build("simple-nn", Io(3, 32, 32, 10), norm="batch"),
        build("resnet18", Io(3, 32, 32, 10)),
    ],
    ids=["stride", "no bias", "gelu", "pool of 3", "ceil", "circular", "wide", "own order", "norm", "resnet18"],
)
def test_a_chain_that_kernels_do_not_know_stays_as_it_is(net):
    assert fuse(net, CPU) is net
    assert kernels_of(net) == ""


def test_a_layer_that_somebody_watches_stays_as_it_is():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
    net[0].register_forward_hook(lambda *_: None)
    assert fuse(net, CPU) is net


def test_images_that_do_not_fit_go_through_the_layers_themselves():
    layers = OrderedDict(conv=nn.Conv2d(3, 8, 3), act=nn.ReLU(), pool=nn.MaxPool2d(2))
    net = nn.Sequential(layers)
    fused = fuse(net, CPU)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        x = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)).bfloat16()
        assert torch.equal(fused(x), net(x))
    with pytest.raises(RuntimeError, match="channels"):
        fused(torch.zeros(4, 2, 8, 8))

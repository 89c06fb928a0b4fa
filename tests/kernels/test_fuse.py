"""Recognising chains: the same parameters under the same names, and everything else as it was."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from ablab.kernels import Crops, flat, fuse, is_chained, kernels_of, of_bytes, prefers_fp32, small, takes_bytes
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


def test_a_network_that_begins_with_a_chain_takes_bytes():
    net = build("simple-nn", Io(3, 32, 32, 10))
    fused, bytes_ = fuse(net, CPU), torch.arange(2 * 3 * 32 * 32).view(2, 3, 32, 32).to(torch.uint8)
    scale, shift = torch.tensor([0.01, 0.02, 0.03]), torch.tensor([-1.0, 0.0, 1.0])
    assert takes_bytes(fused, tuple(bytes_.shape))
    assert not takes_bytes(fused, (2, 3, 4, 4))
    assert not takes_bytes(net, tuple(bytes_.shape))
    assert not takes_bytes(fuse(Own(), CPU), tuple(bytes_.shape))
    pixels = bytes_ * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)
    assert torch.allclose(of_bytes(fused, Crops.whole(bytes_), scale, shift), net(pixels), atol=1e-5)


@pytest.mark.parametrize(
    ("net", "answer"),
    [
        (build("simple-nn", Io(3, 32, 32, 10)), True),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 1)), False),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1800, 1000)), False),
        (nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), False),
        (build("resnet18", Io(3, 32, 32, 10)), False),
        (Own(), False),
    ],
    ids=["simple-nn", "other convolution", "large dense", "no chain", "resnet18", "own order"],
)
def test_a_network_whose_work_is_in_chains_prefers_fp32_and_others_where_the_cpu_does(net, answer, monkeypatch):
    assert is_chained(net) is answer
    for is_faster in (False, True):
        monkeypatch.setattr(flat, "is_faster_here", lambda is_faster=is_faster: is_faster)
        assert prefers_fp32(net, CPU) is (answer or is_faster)
        assert not prefers_fp32(net, torch.device("meta"))


def test_in_bf16_convolutions_that_are_faster_are_replaced_wherever_they_are(monkeypatch):
    net = build("resnet18", Io(3, 32, 32, 10))
    assert not any(isinstance(layer, flat.Convolution) for layer in fuse(net, CPU, "fp32").modules())
    monkeypatch.setattr(flat, "is_faster_here", lambda: True)
    fused = fuse(net, CPU, "bf16")
    replaced = [name for name, layer in fused.named_modules() if isinstance(layer, flat.Convolution)]
    assert "stage1.block1.main.conv1" in replaced
    assert "conv" not in replaced  # 3 channels
    assert not any(name.startswith("stage4.block2") for name in replaced)  # 512 channels
    assert all(a is b for a, b in zip(fused.parameters(), net.parameters(), strict=True))
    assert kernels_of(fused).startswith("kernels ")
    monkeypatch.setattr(flat, "is_faster_here", lambda: False)
    assert fuse(net, CPU, "bf16") is net


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

"""Levels: a CPU with narrower vectors runs the same source, as exactly."""

import platform

import pytest
import torch
from torch import nn

from ablab.kernels import build, flat, fuse, small

pytestmark = [pytest.mark.slow, pytest.mark.skipif(flat.code() is None, reason="needs a C++ compiler")]
LEVELS = [
    "portable",
    pytest.param(
        "avx2",
        marks=[pytest.mark.long, pytest.mark.skipif(platform.machine() != "x86_64", reason="a level of x86")],
    ),
]


def forget():
    for built in (build.build, small.code, flat.code):
        built.cache_clear()


@pytest.fixture(params=LEVELS)
def level(request, monkeypatch, tmp_path):
    """A function that compiles the kernels anew, for an older CPU; those for this one come back at the end."""

    def lower():
        monkeypatch.setenv("ABLAB_KERNELS_LEVEL", request.param)
        monkeypatch.setenv("ABLAB_CACHE", str(tmp_path))
        forget()

    yield lower
    forget()


def passes():
    """What a convolution in bf16 and a chain over bytes give, and all their gradients."""
    random = torch.Generator().manual_seed(0)
    conv, first = nn.Conv2d(40, 40, 3, padding=1), nn.Conv2d(3, 9, 5, padding=2)
    for layer in (conv, first):
        layer.weight.data = torch.randn(layer.weight.shape, generator=random) / 20
        layer.bias.data = torch.randn(layer.bias.shape, generator=random)
    x = torch.randn(5, 40, 9, 9, generator=random).requires_grad_()
    data = torch.randint(0, 256, (20, 3, 18, 19), dtype=torch.uint8, generator=random)
    with torch.autocast("cpu", torch.bfloat16):
        wide = flat.run(x, conv)
    narrow = small.run_bytes(small.Crops.whole(data), torch.full((3,), 0.01), torch.full((3,), -1.0), [first])
    (wide.float().square().sum() + narrow.square().sum()).backward()
    return [wide.detach(), narrow.detach(), x.grad, *(p.grad for p in (*conv.parameters(), *first.parameters()))]


def test_an_older_cpu_gives_the_same_numbers_but_for_rounding(level, tmp_path):
    here = passes()
    level()
    older = passes()
    assert len(list((tmp_path / "kernels").glob("*.so"))) == 2
    assert not flat.is_faster_here()
    for one, other in zip(here, older, strict=True):
        assert (one.float() - other.float()).norm() <= 0.01 * one.float().norm()


def test_a_level_that_nobody_knows_leaves_networks_as_they_are(monkeypatch):
    monkeypatch.setenv("ABLAB_KERNELS_LEVEL", "sse9")
    forget()
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
    assert fuse(net, torch.device("cpu")) is net
    assert build.build("small").reason == "ABLAB_KERNELS_LEVEL is sse9, and the levels are native, avx2, portable"
    forget()

"""Whitening: the first convolution of a network, started from the patches of training images."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ablab.data.dataset import Examples
from ablab.errors import ModelError
from ablab.models import build
from ablab.train.device import choose_hardware
from ablab.train.pixels import pixels_of
from ablab.train.whiten import EPSILON, whiten
from networks import CIFAR10

HARDWARE = choose_hardware("fp32", device="cpu")


def smooth_images(count=60):
    """Noise that is blurred, as neighbouring pixels of photographs are alike; the channels hang together, too."""
    noise = torch.rand(count, 3, 36, 36, generator=torch.Generator().manual_seed(1))
    mixed = noise + 0.8 * noise.mean(1, keepdim=True)
    blurred = F.avg_pool2d(mixed, 5, stride=1)
    spread = (blurred - blurred.mean()) / blurred.std()
    return Examples((spread * 40 + 128).clamp(0, 255).to(torch.uint8), torch.zeros(count, dtype=torch.int64))


EXAMPLES = smooth_images()
ROWS = torch.arange(60)
PIXELS = pixels_of(EXAMPLES, ROWS, HARDWARE)


def test_patches_come_out_uncorrelated_and_with_variance_1_and_once_with_each_sign():
    net = build("airbench", CIFAR10, width=0.1)
    whiten(net, EXAMPLES, ROWS, PIXELS)
    out = F.conv2d(PIXELS(EXAMPLES.images), net.whiten.weight).detach()
    values = out.double().transpose(0, 1).reshape(24, -1)[::2]
    products = values @ values.mT / values.shape[1]
    variances = products.diagonal()
    assert (products - torch.diag(variances)).abs().max() < 1e-3
    assert variances.max() <= 1 + 1e-6
    assert variances.min() > 1 / (1 + EPSILON / 1e-3)
    assert torch.equal(net.whiten.weight[::2], -net.whiten.weight[1::2])
    assert not net.whiten.bias.any()


def test_the_directions_of_largest_variance_come_first():
    net = nn.Sequential(nn.Conv2d(3, 2, 2, bias=False))
    whiten(net, EXAMPLES, ROWS, PIXELS)
    largest = net[0].weight[0].detach().double().flatten()
    patches = F.unfold(PIXELS(EXAMPLES.images), 2).transpose(0, 1).reshape(12, -1).double()
    variances, vectors = torch.linalg.eigh(patches @ patches.mT / patches.shape[1])
    assert abs(float(F.cosine_similarity(largest, vectors[:, -1], dim=0))) == pytest.approx(1, abs=1e-6)
    assert float(largest.norm()) == pytest.approx(float(variances[-1]) ** -0.5, rel=1e-3)


def test_filters_beyond_all_directions_stay_as_they_were_drawn():
    net = nn.Sequential(nn.Conv2d(3, 30, 2))
    before = net[0].weight.detach().clone(), net[0].bias.detach().clone()
    whiten(net, EXAMPLES, ROWS, PIXELS)
    assert torch.equal(net[0].weight[24:], before[0][24:])
    assert torch.equal(net[0].bias[24:], before[1][24:])
    assert not torch.equal(net[0].weight[:24], before[0][:24])


def test_images_of_one_colour_have_no_variance_that_could_blow_up():
    grey = Examples(torch.full((9, 3, 8, 8), 77, dtype=torch.uint8), torch.zeros(9, dtype=torch.int64))
    net = nn.Sequential(nn.Conv2d(3, 24, 2))
    rows = torch.arange(9)
    whiten(net, grey, rows, pixels_of(grey, rows, HARDWARE))
    assert bool(net[0].weight.isfinite().all())
    assert net[0].weight.abs().max() <= EPSILON**-0.5 + 1


def test_a_network_without_a_convolution_has_nothing_to_start():
    with pytest.raises(ModelError, match="no convolution"):
        whiten(build("mlp", CIFAR10), EXAMPLES, ROWS, PIXELS)

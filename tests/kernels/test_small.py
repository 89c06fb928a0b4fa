"""Blocks over few channels: as right as torch, the same bits every time."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ablab.kernels import small

pytestmark = pytest.mark.skipif(small.code() is None, reason="needs a C++ compiler")
FACTOR = 4  # an error may be this many times torch's in fp32, where sums are made in another order
ROUNDING = 1e-5  # relative; torch's own error is now and then far below what sums of this length have


def blocks(seed, channels, kernels, paddings):
    layers = []
    with torch.random.fork_rng():
        torch.random.set_rng_state(torch.Generator().manual_seed(seed).get_state())
        for i, o, k, p in zip(channels, channels[1:], kernels, paddings, strict=False):
            layers += [nn.Conv2d(i, o, k, padding=p), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers)


def passes(net, run, x, slope):
    """The output, and the gradients of the input and of all parameters as one vector.

    The terms of a single bias may cancel to almost nothing, and then no sum in fp32 has a small relative error.
    """
    x = x.clone().requires_grad_()
    out = run(x)
    (out * slope).sum().backward()
    found = [out.detach(), x.grad, torch.cat([p.grad.flatten() for p in net.parameters()])]
    net.zero_grad()
    return found


def error(found, exact):
    return float((found.double() - exact).norm() / (exact.norm() + 1e-30))


def images(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    batch=st.integers(1, 40),
    size=st.tuples(st.integers(16, 24), st.integers(16, 24)),
    channels=st.lists(st.integers(1, 9), min_size=2, max_size=3),
    kernels=st.lists(st.sampled_from(small.KERNELS), min_size=2, max_size=2),
    paddings=st.lists(st.integers(0, 2), min_size=2, max_size=2),
    is_last=st.booleans(),
)
def test_blocks_are_as_exact_as_those_of_torch(seed, batch, size, channels, kernels, paddings, is_last):
    net = blocks(seed, channels, kernels, paddings)
    convs = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    x = images(seed, batch, channels[0], *size)
    x = x.contiguous(memory_format=torch.channels_last) if is_last else x
    assert small.fits(x, convs)
    slope = images(seed + 1, *net(x).shape)
    double = copy.deepcopy(net).double()
    exact = passes(double, double, x.double(), slope.double())
    plain = passes(net, net, x, slope)
    ours = passes(net, lambda x: small.run(x, convs), x, slope)
    for mine, theirs, true in zip(ours, plain, exact, strict=True):
        assert mine.shape == true.shape
        assert error(mine, true) <= FACTOR * error(theirs, true) + ROUNDING


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**16),
    batch=st.integers(1, 40),
    size=st.tuples(st.integers(8, 35), st.integers(8, 35)),
    channels=st.integers(1, 4),
    border=st.integers(0, 5),
)
def test_bytes_are_cropped_mirrored_and_normalized_on_the_way(seed, batch, size, channels, border):
    net = blocks(seed, [channels, 4], [3], [1])
    random = torch.Generator().manual_seed(seed)
    data = torch.randint(0, 256, (batch + 3, channels, *size), dtype=torch.uint8, generator=random)
    rows = torch.randint(0, len(data), (batch,), generator=random)
    top, left = torch.randint(-border, border + 1, (2, batch), generator=random)
    mirrored = torch.rand(batch, generator=random) < 0.5
    scale, shift = torch.rand(2, channels, generator=random)
    pixels = torch.zeros(batch, channels, *size)
    for n in range(batch):
        framed = torch.nn.functional.pad(data[rows[n]], (border,) * 4)
        crop = framed[:, border + top[n] :, border + left[n] :][:, : size[0], : size[1]]
        pixels[n] = crop.flip(-1) if mirrored[n] else crop
    pixels = pixels * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)
    crops = small.Crops(data, rows, top, left, mirrored)
    ours = passes(net, lambda x: small.run_bytes(crops, scale, shift, [net[0]]) + 0 * x.sum(), pixels, torch.ones(()))
    plain = passes(net, lambda x: small.run(x, [net[0]]), pixels, torch.ones(()))
    assert torch.allclose(ours[0], plain[0], rtol=1e-4, atol=1e-4)
    assert error(ours[2], plain[2].double()) <= 1e-4


def test_whole_images_are_crops_that_move_nothing():
    net = blocks(0, [3, 8], [5], [0])
    data = torch.randint(0, 256, (20, 3, 17, 15), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    ours = small.run_bytes(small.Crops.whole(data), torch.ones(3), torch.zeros(3), [net[0]])
    assert torch.equal(ours, small.run(data.float(), [net[0]]))


def test_the_same_number_of_threads_gives_the_same_bits():
    net = blocks(0, [3, 8, 16], [5, 3], [0, 1])
    x = images(0, 50, 3, 20, 20)
    slope = images(1, *net(x).shape)
    convs = [net[0], net[3]]
    first, second = (passes(net, lambda x: small.run(x, convs), x, slope) for _ in range(2))
    assert all(map(torch.equal, first, second))


def test_a_value_that_is_no_number_is_not_hidden_by_the_pool():
    net = blocks(0, [1, 4], [3], [1])
    x = images(0, 3, 1, 8, 8)
    x[1, 0, 5, 5] = torch.nan
    assert torch.equal(small.run(x, [net[0]]).isnan(), net(x).isnan())


def test_of_equal_values_the_first_gets_the_gradient_as_in_torch():
    net = blocks(0, [1, 4], [3], [0])
    nn.init.ones_(net[0].weight)
    x = torch.ones(2, 1, 6, 6)
    slope = torch.ones_like(net(x))
    assert torch.allclose(passes(net, net, x, slope)[1], passes(net, lambda x: small.run(x, [net[0]]), x, slope)[1])


def test_images_that_are_too_small_for_a_pool_do_not_fit():
    convs = [nn.Conv2d(1, 4, 5)]
    assert not small.fits(torch.zeros(2, 1, 5, 5), convs)
    assert small.fits(torch.zeros(2, 1, 6, 6), convs)
    assert not small.fits(torch.zeros(2, 1, 6, 6, dtype=torch.bfloat16), convs)

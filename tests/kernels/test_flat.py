"""Convolutions under autocast: at least as exact as torch's, the same bits every time."""

import copy
import os
import subprocess

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import conv2d

from ablab.kernels import flat
from ablab.kernels.build import HERE

pytestmark = pytest.mark.skipif(flat.code() is None, reason="needs a C++ compiler")
BF16 = torch.autocast("cpu", torch.bfloat16)
ROUNDING = 2**-9  # the largest error of an exact number that is rounded to bf16; one number may have autocast exact


def images(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def convolution(seed, inputs, outputs, kernel, stride, padding, *, has_bias):
    conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=has_bias)
    conv.weight.data = images(seed, *conv.weight.shape)
    if has_bias:
        conv.bias.data = images(seed + 1, outputs)
    return conv


def passes(conv, run, x, slope):
    """The output, and the gradients of the input and of every parameter."""
    x = x.clone().requires_grad_()
    out = run(x)
    out.backward(slope.to(out.dtype))
    results = [out.detach(), x.grad, *(p.grad for p in conv.parameters())]
    conv.zero_grad()
    return results


def error(found, exact):
    return float((found.double() - exact).norm() / (exact.norm() + 1e-30))


@settings(max_examples=80)
@given(
    seed=st.integers(0, 2**16),
    batch=st.integers(1, 20),
    size=st.tuples(st.integers(5, 12), st.integers(5, 12)),
    inputs=st.integers(1, 70),
    outputs=st.integers(1, 70),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 4),
    has_bias=st.booleans(),
    is_last=st.booleans(),
)
def test_a_convolution_is_at_least_as_exact_as_that_of_autocast(
    seed, batch, size, inputs, outputs, kernel, stride, padding, has_bias, is_last
):
    conv = convolution(seed, inputs, outputs, kernel, stride, min(padding, kernel - 1), has_bias=has_bias)
    x = images(seed + 2, batch, inputs, *size).bfloat16()
    x = x.contiguous(memory_format=torch.channels_last) if is_last else x
    slope = images(seed + 3, *conv(x.float()).shape).bfloat16()
    double = copy.deepcopy(conv).double()
    exact = passes(double, double, x.double(), slope)
    with BF16:
        assert flat.is_possible(conv)
        assert flat.fits(x, conv)
        plain = passes(conv, conv, x, slope)
        ours = passes(conv, lambda x: flat.run(x, conv), x, slope)
    for mine, theirs, true in zip(ours, plain, exact, strict=True):
        assert mine.shape == theirs.shape
        assert error(mine, true) <= max(error(theirs, true), ROUNDING) + 1e-4


def test_gradients_of_filters_are_summed_in_fp32():
    conv = convolution(0, 64, 64, 3, 1, 1, has_bias=False)
    x = images(1, 8, 64, 16, 16).bfloat16()
    slope = images(2, 8, 64, 16, 16).bfloat16()
    double = copy.deepcopy(conv).double()
    with BF16:
        ours = passes(conv, lambda x: flat.run(x, conv), x, slope)
    assert error(ours[2], passes(double, double, x.double(), slope)[2]) < 1e-5


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_number_of_threads_gives_the_same_bits(threads):
    conv = convolution(0, 32, 48, 3, 1, 1, has_bias=True)
    x, slope = images(1, 30, 32, 20, 20).bfloat16(), images(2, 30, 48, 20, 20).bfloat16()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    with BF16:
        first, second = (passes(conv, lambda x: flat.run(x, conv), x, slope) for _ in range(2))
    torch.set_num_threads(before)
    assert all(map(torch.equal, first, second))


def test_a_value_that_is_no_number_reaches_the_outputs_that_see_it():
    conv = convolution(0, 3, 16, 3, 1, 1, has_bias=False)
    x = images(1, 3, 3, 8, 8).bfloat16()
    x[1, 0, 5, 5] = torch.nan
    with BF16:
        y = flat.run(x, conv)
    assert torch.equal(y.isnan(), conv2d(x.float(), conv.weight, padding=1).isnan())


def test_numbers_are_rounded_as_torch_rounds_them():
    conv = convolution(0, 1, 1, 1, 1, 0, has_bias=True)
    conv.weight.data.zero_()
    for value in (1.00390625, 1.01171875, -3.3e38, 3.4e38, torch.inf, 1e-40, torch.nan):
        conv.bias.data.fill_(value)
        with BF16:
            y = flat.run(torch.zeros(1, 1, 1, 1), conv).flatten()
        assert torch.equal(y.isnan(), conv.bias.isnan())
        assert torch.equal(y.nan_to_num(), conv.bias.bfloat16().nan_to_num())


def test_images_of_another_kind_are_left_to_torch():
    conv = convolution(0, 3, 8, 3, 1, 0, has_bias=False)
    x = images(0, 2, 3, 8, 8)
    assert not flat.fits(x, conv)  # no autocast
    with BF16:
        assert flat.fits(x, conv)
        assert not flat.fits(x.double(), conv)
        assert not flat.fits(x[:0], conv)
        assert not flat.fits(x[:, :, :2], conv)
    with torch.autocast("cpu", torch.float16):
        assert not flat.fits(x, conv)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(4, 4, (3, 1)),
        nn.Conv2d(4, 4, 3, stride=(1, 2)),
        nn.Conv2d(4, 4, 3, padding="same"),
        nn.Conv2d(4, 4, 3, padding=3),
        nn.Conv2d(4, 4, 3, dilation=2),
        nn.Conv2d(4, 4, 3, groups=2),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(4, 4, 3, dtype=torch.float64),
    ],
    ids=["oblong", "strides", "same", "wide border", "dilation", "groups", "reflect", "fp64"],
)
def test_a_convolution_of_another_kind_is_left_to_torch(conv):
    assert not flat.is_possible(conv)


SWEEP = """
#include "{source}"
int main() {{
  for (int K : {{1, 3, 4}}) for (int S : {{1, 2, 3}}) for (int P = 0; P < K; ++P)
  for (int C : {{1, 17, 33}}) for (int O : {{5, 80}}) {{
    const int N = 5, H = 7, W = 6, OH = (H + 2 * P - K) / S + 1, OW = (W + 2 * P - K) / S + 1;
    std::vector<bf16> x(N * H * W * C, 0x3f80), y(N * OH * OW * O), dx(x.size());
    std::vector<float> w(O * C * K * K, 0.1f), b(O, 0.1f), dw(w.size());
    flat_forward(x.data(), w.data(), b.data(), y.data(), N, C, H, W, O, K, S, P, 2);
    flat_input_gradient(y.data(), w.data(), dx.data(), N, C, H, W, O, K, S, P, 2);
    flat_filter_gradient(x.data(), y.data(), dw.data(), N, C, H, W, O, K, S, P, 2);
  }}
}}
"""


@pytest.mark.long
@pytest.mark.faults
def test_the_sanitizers_find_no_access_outside_a_buffer(tmp_path):
    source, program = tmp_path / "sweep.cpp", tmp_path / "sweep"
    source.write_text(SWEEP.format(source=HERE / "flat.cpp"))
    flags = ["-std=c++17", "-O1", "-g", "-march=native", "-fopenmp", "-fsanitize=address,undefined"]
    subprocess.run(["g++", *flags, "-fno-sanitize-recover=all", str(source), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, env={**os.environ, "ASAN_OPTIONS": ""})
    assert done.returncode == 0, done.stderr

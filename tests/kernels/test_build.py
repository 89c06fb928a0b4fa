"""Building: once for a machine, safely by several at once, and never a reason to fail."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from ablab.kernels import fuse, small
from ablab.kernels.build import HERE, build

needs_compiler = pytest.mark.skipif(small.code() is None, reason="needs a C++ compiler")
BUILD = "from ablab.kernels.build import build; one = build('small'); print(one.code is not None, one.digest)"


@pytest.fixture
def afresh():
    """Nothing built is remembered, before or after."""
    build.cache_clear()
    small.code.cache_clear()
    yield
    build.cache_clear()
    small.code.cache_clear()


def test_without_a_compiler_a_network_stays_as_it_is(afresh, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
    assert fuse(net, torch.device("cpu")) is net
    assert build("small").reason == "no C++ compiler was found"


def test_a_compiler_that_fails_is_named_with_its_first_line(afresh, monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    library = build("small")
    assert library.code is None
    assert library.reason == f"{broken} failed: no room"


@needs_compiler
@pytest.mark.long
def test_two_processes_that_build_at_once_leave_one_library(tmp_path):
    where = {**os.environ, "ABLAB_CACHE": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", BUILD], env=where, stdout=subprocess.PIPE) for _ in range(2)]
    said = {process.communicate(timeout=200)[0].decode().strip() for process in both}
    (built,) = (tmp_path / "kernels").iterdir()
    assert said == {f"True {built.stem.removeprefix('small-')}"}


SWEEP = """
#include "{source}"
int main() {{
  for (int K : {{3, 5}}) for (int P = 0; P < 3; ++P) for (int O : {{1, 5, 8}}) for (int W : {{9, 11, 17}}) {{
    const int N = 21, G = 2, C = 5, H = 8, PH = (H + 2 * P - K + 1) / 2, PW = (W + 2 * P - K + 1) / 2;
    auto room = [](int count) {{ return static_cast<float*>(std::aligned_alloc(64, 64 * count)); }};
    std::vector<float> images(N * C * H * W, 0.5f), w(O * C * K * K, 0.1f), b(O, 0.1f), dw(w.size()), db(O);
    std::vector<uint8_t> bytes(N * C * H * W, 7), mirrored(N);
    std::vector<int64_t> rows(N), top(N), left(N);
    for (int n = 0; n < N; ++n) rows[n] = N - 1 - n, top[n] = n - 10, left[n] = 10 - n, mirrored[n] = n % 2;
    float *x = room(G * C * H * W), *dx = room(G * C * H * W), *y = room(G * O * PH * PW);
    std::unique_ptr<Marks[], decltype(&std::free)> where(
        static_cast<Marks*>(std::aligned_alloc(16, 16 * G * O * PH * PW)), std::free);
    int8_t* at = reinterpret_cast<int8_t*>(where.get());
    small_to_lanes(images.data(), x, C * H * W, H * W, W, 1, N, C, H, W, 2);
    small_from_bytes(bytes.data(), rows.data(), top.data(), left.data(), mirrored.data(), w.data(), w.data(), x, N, C,
                     H, W, 2);
    small_forward(x, w.data(), b.data(), y, at, G, C, H, W, O, K, P, 2);
    small_backward(x, w.data(), y, at, dx, dw.data(), db.data(), G, C, H, W, O, K, P, 2);
    small_from_lanes(dx, images.data(), N, C * H * W, 2);
    std::free(x); std::free(dx); std::free(y);
  }}
}}
"""


@needs_compiler
@pytest.mark.long
@pytest.mark.faults
def test_the_sanitizers_find_no_access_outside_a_buffer(tmp_path):
    source, program = tmp_path / "sweep.cpp", tmp_path / "sweep"
    source.write_text(SWEEP.format(source=HERE / "small.cpp"))
    flags = ["-std=c++17", "-O1", "-g", "-march=native", "-fopenmp", "-fsanitize=address,undefined"]
    subprocess.run(["g++", *flags, "-fno-sanitize-recover=all", str(source), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, env={**os.environ, "ASAN_OPTIONS": ""})
    assert done.returncode == 0, done.stderr

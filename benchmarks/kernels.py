"""Speed of the compiled kernels for bf16 against torch's layers, pass by pass, turn by turn.

    python benchmarks/kernels.py [--threads N] [--rounds N] [--images N]

For every layer, and for a whole step of a few networks, it prints milliseconds under autocast, in fp32 and in kernels,
and how many times as fast as each of torch's the kernels are: the least of all rounds. It says how busy the machine
was, for such figures count only if they come from a quiet one.
"""

import argparse
import copy
import functools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ablab.kernels import flat, fuse, kernels_of
from ablab.models import Io, build
from ablab.train.device import keep_memory

# images, inputs, outputs, side, kernel, stride
CONVOLUTIONS = (
    (64, 32, 64, 16, 3, 1),
    (32, 64, 64, 32, 3, 1),
    (64, 64, 128, 8, 3, 1),
    (32, 64, 128, 32, 3, 2),
    (32, 128, 128, 16, 3, 1),
    (64, 256, 256, 8, 3, 1),
    (64, 256, 512, 8, 3, 2),
    (128, 512, 512, 4, 3, 1),
    (64, 64, 128, 32, 1, 2),
    (64, 3, 64, 32, 3, 1),
)
NETWORKS = (("cnn3-dense", 64), ("resnet18", 32), ("vgg11", 64))
WAYS = ("autocast", "fp32", "kernels")

Pass = Callable[[], object]
Layer = Callable[[Any, Tensor], Tensor]


@dataclass(frozen=True)
class Way:
    """A layer or a network as one of the three ways runs it."""

    run: Callable[[Tensor], Tensor]
    images: Tensor
    is_bf16: bool
    parameters: tuple[Tensor, ...] = ()

    def forward(self) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.is_bf16):
            return self.run(self.images)


def least(passes: dict[str, Pass], rounds: int) -> dict[str, float]:
    """Milliseconds of each pass: the least of all rounds, in which they take turns behind one that does not count."""
    best = dict.fromkeys(passes, float("inf"))
    for turn in range(rounds + 1):
        for name, run in passes.items():
            before = time.perf_counter()
            run()
            if turn:
                best[name] = min(best[name], 1e3 * (time.perf_counter() - before))
    return best


def show(title: str, milliseconds: dict[str, float]) -> None:
    ours = milliseconds["kernels"]
    figures = "  ".join(f"{name} {milliseconds[name]:8.2f} ms" for name in WAYS)
    ratios = ", ".join(f"{milliseconds[name] / ours:.2f} times {name}" for name in WAYS[:2])
    print(f"{title:36} {figures}   {ratios}", flush=True)


def compare_passes(title: str, ways: dict[str, Way], rounds: int) -> None:
    """Forward alone, and each gradient from an output that is kept."""
    show(f"{title} forward", least({name: way.forward for name, way in ways.items()}, rounds))
    wanted = {"input": lambda way: (way.images,), "parameters": lambda way: way.parameters}
    for what, of in wanted.items():
        show(f"{title} {what}", least({name: gradient(way, of(way)) for name, way in ways.items()}, rounds))


def gradient(way: Way, of: tuple[Tensor, ...]) -> Pass:
    out = way.forward()
    slope = torch.ones_like(out)
    return lambda: torch.autograd.grad(out, of, slope, retain_graph=True)


def ways_of(layer: nn.Module, plain: Layer, ours: Layer, shape: tuple[int, ...]) -> dict[str, Way]:
    """The three ways to run a layer, each with a layer of its own."""
    wide = torch.randn(shape).contiguous(memory_format=torch.channels_last)
    half = wide.bfloat16().requires_grad_()
    ways = {}
    for name, run, images in (
        ("autocast", plain, half),
        ("fp32", plain, wide.requires_grad_()),
        ("kernels", ours, half),
    ):
        own = copy.deepcopy(layer)
        ways[name] = Way(functools.partial(run, own), images, name != "fp32", tuple(own.parameters()))
    return ways


def compare_networks(name: str, batch: int, rounds: int) -> None:
    net = build(name, Io(3, 32, 32, 10)).to(memory_format=torch.channels_last)
    fused = fuse(net, torch.device("cpu"), "bf16")
    labels = torch.randint(0, 10, (batch,))
    if not kernels_of(fused):
        print(f"{name}: no kernel is chosen on this machine")
        return

    def step(way: Way) -> None:
        cross_entropy(way.forward().float(), labels).backward()
        net.zero_grad()

    images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    ways = {"autocast": Way(net, images, True), "fp32": Way(net, images, False), "kernels": Way(fused, images, True)}
    show(f"{name}, batch {batch}, passes", least({k: lambda way=way: step(way) for k, way in ways.items()}, rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, help="of a batch, at most")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    keep_memory()
    print(f"threads {asked.threads}, {os.getloadavg()[0]:.1f} processes ran in the last minute")
    most = asked.images or 1 << 30
    for count, inputs, outputs, side, kernel, stride in CONVOLUTIONS:
        conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        conv = conv.to(memory_format=torch.channels_last)
        shape = (min(count, most), inputs, side, side)
        ways = ways_of(conv, lambda conv, x: conv(x), lambda conv, x: flat.run(x, conv), shape)
        compare_passes(f"{inputs}->{outputs} @{side} {kernel}x{kernel}/{stride}", ways, asked.rounds)
    for name, batch in NETWORKS:
        compare_networks(name, min(batch, most), asked.rounds)


if __name__ == "__main__":
    main()

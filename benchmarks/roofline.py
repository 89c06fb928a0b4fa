"""How near to the limits of the machine: multiply-adds a second against what products and memory allow.

    python benchmarks/roofline.py [--model NAME] [--images N] [--rounds N]

Measures two ceilings: multiply-adds a second of a large product of matrices, in each number format, before and after
each network (the higher counts, since a virtual machine's speed drifts), and bytes a second of a copy. A layer can
reach the smaller of the product's ceiling and (multiply-adds a byte) x (bytes a second), where the bytes are its input,
output and weights, once each (Williams, Waterman and Patterson 2009, "Roofline").
For each kind of convolution in a network it prints the share of that which torch reaches forward and in both gradients,
and for the whole network the share of the product's ceiling that a training step reaches, without kernels and with.
"""

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy

from ablab.arithmetic import inspect
from ablab.kernels import kernels_of
from ablab.models import Io, build
from ablab.probe.peak import FORMATS, ceilings
from ablab.recipe import Recipe
from ablab.train.device import Hardware, choose_hardware
from ablab.train.running import running_form, suited

NETWORKS = {"simple-nn": 128, "cnn3-dense": 64, "resnet18": 32, "airbench": 100}  # images of a batch
COPIED = 256 << 20  # bytes: more than a cache holds
PASSES = 3  # forward, gradient of the input, gradient of the weights: as many multiply-adds each

Sizes = tuple[int, int, int, int, int, int]  # inputs, outputs, side of the maps, of the filter, stride, padding


def least(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest round, behind one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def products(hardware: Hardware) -> dict[str, float]:
    """Multiply-adds a second of a large product of matrices, in each number format."""
    return {one.precision: one.matmul * 1e9 for one in ceilings(hardware)}


def bandwidth(rounds: int) -> float:
    """Bytes a second that a copy reads and writes."""
    source = torch.ones(COPIED // 4)
    target = torch.empty_like(source)
    return 2 * COPIED / least(lambda: target.copy_(source), rounds)


def convolutions(net: nn.Module) -> Counter[Sizes]:
    """How often each kind of convolution over square maps occurs in a network."""
    counts: Counter[Sizes] = Counter()

    def note(layer: nn.Module, images: tuple[Tensor, ...], _: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        if layer.groups == 1:
            place = (layer.kernel_size[0], layer.stride[0], int(layer.padding[0]))
            counts[(layer.in_channels, layer.out_channels, images[0].shape[-1], *place)] += 1

    hooks = [layer.register_forward_hook(note) for layer in net.modules() if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        net.eval()(torch.zeros(1, 3, 32, 32))
    for hook in hooks:
        hook.remove()
    return counts


@dataclass(frozen=True)
class Layer:
    """A convolution on a batch: multiply-adds, bytes and seconds of a pass forward, and seconds of a training step."""

    macs: int
    bytes: int
    forward: float
    training: float

    def shares(self, peak: float, speed: float) -> tuple[float, float]:
        """Of its roof, forward and training."""
        roof = min(peak, self.macs / self.bytes * speed)
        return self.macs / self.forward / roof, PASSES * self.macs / self.training / roof


def timed(sizes: Sizes, batch: int, dtype: torch.dtype, rounds: int) -> Layer:
    inputs, outputs, side, kernel, stride, padding = sizes
    images = torch.ones(batch, inputs, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last)
    filters = torch.ones(outputs, inputs, kernel, kernel, dtype=dtype).contiguous(memory_format=torch.channels_last)
    out = conv2d(images, filters, stride=stride, padding=padding)
    macs = out.numel() * inputs * kernel**2
    moved = (images.numel() + out.numel() + filters.numel()) * dtype.itemsize
    forward = least(lambda: conv2d(images, filters, stride=stride, padding=padding), rounds)
    images.requires_grad_(), filters.requires_grad_()

    def both() -> object:
        made = conv2d(images, filters, stride=stride, padding=padding)
        return torch.autograd.grad(made, (images, filters), out)

    return Layer(macs, moved, forward, least(both, rounds))


def step_seconds(name: str, batch: int, way: str, rounds: int) -> tuple[float, Hardware, str]:
    """Seconds of the passes of one step as the engine runs them, where, and with which kernels."""
    recipe = Recipe.of({"data": "phantom", "model": name}).with_(way)
    net = build(name, Io(3, 32, 32, 10))
    hardware = suited(recipe, net, choose_hardware(recipe.precision, net=net))
    net = net.to(memory_format=hardware.memory_format)  # type: ignore[call-overload]
    running = running_form(recipe, net, hardware).train()
    images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=hardware.memory_format)
    labels = torch.randint(0, 10, (batch,))

    def step() -> None:
        with hardware.autocast():
            out = running(images)
        cross_entropy(out.float(), labels).backward()
        net.zero_grad()

    return least(step, rounds), hardware, kernels_of(running) or "torch's kernels"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=NETWORKS, action="append", help="this one alone")
    parser.add_argument("--images", type=int, help="of a batch, at most")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    hardware = choose_hardware()
    print(f"{hardware.threads} threads; {os.getloadavg()[0]:.1f} processes ran in the last minute")
    speed = bandwidth(asked.rounds)
    print(f"copy: {speed / 1e9:.1f} GB a second\n")
    for name in asked.model or NETWORKS:
        batch = min(NETWORKS[name], asked.images or NETWORKS[name])
        net = build(name, Io(3, 32, 32, 10))
        before = products(hardware)
        layers = {
            sizes: (times, timed(sizes, batch, FORMATS[hardware.precision], asked.rounds))
            for sizes, times in sorted(convolutions(net).items(), key=lambda item: -item[0][2])
        }
        ways = ("kernels=off", "kernels=auto")
        steps = {way: step_seconds(name, batch, way, asked.rounds) for way in ways}
        peaks = {precision: max(peak, before[precision]) for precision, peak in products(hardware).items()}
        print(f"{name}, batch {batch}; products of matrices, billions of multiply-adds a second: ", end="")
        print(", ".join(f"{precision} {peak / 1e9:,.0f}" for precision, peak in peaks.items()))
        print("    share of its roof that each convolution reaches, forward and training:")
        for (inputs, outputs, side, kernel, stride, _), (times, layer) in layers.items():
            forward, training = layer.shares(peaks[hardware.precision], speed)
            words = f"{inputs}->{outputs} @{side} {kernel}x{kernel}/{stride}"
            print(f"    {times} x {words:<26} {forward:>6.0%} {training:>6.0%}")
        total = sum(times * PASSES * layer.macs for times, layer in layers.values())
        if taken := sum(times * layer.training for times, layer in layers.values()):
            share = total / taken / peaks[hardware.precision]
            print(f"    all: {share:.0%} of the ceiling of products in {hardware.precision}, training")
        macs_of_step = PASSES * inspect(net, (3, 32, 32)).macs * batch
        for way, (seconds, where, kernels) in steps.items():
            share = macs_of_step / seconds / peaks[where.precision]
            print(
                f"    {way}: a step {1e3 * seconds:.1f} ms, {share:.0%} of the ceiling in {where.precision} ({kernels})"
            )
        print(flush=True)


if __name__ == "__main__":
    main()

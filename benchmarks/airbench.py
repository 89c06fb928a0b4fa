"""fast94 against the public recipe that it comes from, airbench94 with Muon, written anew as a plain loop in PyTorch.

    python benchmarks/airbench.py [--batch N] [--steps N] [--repeats N] [--full] [--device cuda [--compile]]

Both train turn by turn, each in a process of its own, and the ratio of their seconds a step is printed. `--full` trains
both to their ends, 8 epochs of CIFAR-10, and prints seconds and accuracies: an hour or more on a few CPU cores. On a
GPU each trains twice and the second time counts, so that nobody pays for the card's first start; the engine records its
step as a graph in both. `--compile` has the plain loop compiled by PyTorch, as the published recipe is.

The loop follows Jordan 2024 (arXiv 2404.00498) and its variant with Muon, in bf16 under autocast with fp32 weights: a
whitening layer, three blocks that start by passing their input on, flips that alternate, crops of images mirrored at
their edges, label smoothing, Muon with filters of length 1, rates that fall to 0, and six views of each test image. It
keeps freed memory and puts channels last, as any careful loop on a CPU would.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from ablab.data.dataset import Examples

BATCH, EPOCHS, IMAGES = 2000, 8, 50_000
WIDTHS = (64, 256, 256)
PATCHES, WHITENED, EPSILON = 2, 5000, 5e-4
RATES = {"filters": 0.24, "biases": 0.053, "head": 0.67}
SMOOTHING = 0.2
BIAS_EPOCHS = 3  # in which the first layer's bias is trained
QUINTIC = (3.4445, -4.7750, 2.0315)


class Block(nn.Sequential):
    """Two convolutions, a pool behind the first, norms whose gain stays 1."""

    def __init__(self, inputs: int, outputs: int) -> None:
        first, second = (nn.Conv2d(i, outputs, 3, padding="same", bias=False) for i in (inputs, outputs))
        norms = [nn.BatchNorm2d(outputs, eps=1e-12, momentum=0.4) for _ in range(2)]
        super().__init__(first, nn.MaxPool2d(2), norms[0], nn.GELU(), second, norms[1], nn.GELU())
        for conv in (first, second):
            nn.init.dirac_(conv.weight[: conv.in_channels])
        for norm in norms:
            norm.weight.requires_grad_(False)


class Net(nn.Module):
    def __init__(self, patches: Tensor) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 2 * patches.shape[0], PATCHES)
        with torch.no_grad():
            self.whiten.weight.copy_(torch.cat([patches, -patches]).view_as(self.whiten.weight))
            self.whiten.bias.zero_()  # type: ignore[union-attr]
        self.whiten.weight.requires_grad_(False)
        widths = zip((2 * patches.shape[0], *WIDTHS), WIDTHS, strict=False)
        self.blocks = nn.Sequential(*(Block(inputs, outputs) for inputs, outputs in widths))
        self.head = nn.Linear(WIDTHS[-1], 10, bias=False)
        with torch.no_grad():
            self.head.weight.div_(self.head.weight.std())

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.gelu(self.whiten(x)))  # [B,256,3,3]
        return self.head(F.max_pool2d(x, 3).flatten(1)) / WIDTHS[-1]  # type: ignore[no-any-return]


def whitening(images: Tensor) -> Tensor:
    """Directions of the patches of images, each scaled to variance 1."""
    patches = F.unfold(images, PATCHES).transpose(1, 2).flatten(0, 1).double()
    variances, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    return (vectors / (variances + EPSILON).sqrt()).T.flip(0).float()


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal by three rounds of Newton and Schulz, for filters kept at length 1."""

    def __init__(self, filters: list[Tensor], lr: float) -> None:
        super().__init__(filters, {"lr": lr, "momentum": 0.6})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        for group in self.param_groups:
            for filters in group["params"]:
                kept = self.state[filters].setdefault("kept", torch.zeros_like(filters))
                kept.mul_(group["momentum"]).add_(filters.grad)
                wanted = filters.grad.add(kept, alpha=group["momentum"]).reshape(len(filters), -1)
                filters.mul_(len(filters) ** 0.5 / filters.norm())
                filters.add_(orthogonal(wanted).view(filters.shape), alpha=-group["lr"])


def orthogonal(x: Tensor) -> Tensor:
    a, b, c = QUINTIC
    is_tall = x.shape[0] > x.shape[1]
    x = x.bfloat16()
    x = x.T if is_tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(3):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if is_tall else x).float()


class Pictures:
    """Normalized images that look a little different in every epoch."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        mean, sd = (torch.tensor(one).view(1, 3, 1, 1) for one in ((0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)))
        self.images = (images.float() / 255 - mean.to(images.device)) / sd.to(images.device)
        self.labels = labels
        self.sides = torch.rand(len(images), device=images.device) < 0.5

    def epoch(self, number: int, batch: int) -> Any:
        flipped = self.sides if number % 2 == 0 else ~self.sides
        images = torch.where(flipped.view(-1, 1, 1, 1), self.images.flip(-1), self.images)
        framed = F.pad(images, (2, 2, 2, 2), mode="reflect")
        moved = torch.empty_like(images)
        tops, lefts = torch.randint(0, 5, (2, len(images)), device=images.device)
        for top in range(5):
            for left in range(5):
                chosen = (tops == top) & (lefts == left)
                moved[chosen] = framed[chosen, :, top : top + 32, left : left + 32]
        for rows in torch.randperm(len(images), device=images.device).split(batch):
            if len(rows) == batch:
                yield moved[rows].contiguous(memory_format=torch.channels_last), self.labels[rows]


def on(device: str, part: "Examples", count: int | None = None) -> Pictures:
    return Pictures(part.images[:count].to(device), part.labels[:count].to(device))


def now(device: str) -> float:
    """The time when everything that was asked of the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def textbook(batch: int, images: int, epochs: int, device: str, compiled: bool) -> dict[str, float]:
    """Seconds a step in the last epoch, seconds of all epochs, and the accuracy on the test images of a full run."""
    from ablab.data import load_dataset
    from ablab.train.device import keep_memory

    keep_memory()
    torch.manual_seed(0)
    data = load_dataset("cifar10")
    pictures = on(device, data.train, images)
    directions = whitening(pictures.images[:WHITENED])
    net = Net(directions).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward = torch.compile(net) if compiled else net
    biases = [bias for name, bias in net.blocks.named_parameters() if name.endswith("bias")]
    decay = 2e-6 * batch
    groups = [
        {"params": [net.whiten.bias], "lr": RATES["biases"], "weight_decay": decay / RATES["biases"]},
        {"params": biases, "lr": RATES["biases"], "weight_decay": decay / RATES["biases"]},
        {"params": [net.head.weight], "lr": RATES["head"], "weight_decay": decay / RATES["head"]},
    ]
    rest = torch.optim.SGD(groups, momentum=0.85, nesterov=True)
    muon = Muon([weight for weight in net.blocks.parameters() if weight.ndim == 4], RATES["filters"])
    steps, done, seconds = images // batch * epochs, 0, 0.0
    for number in range(epochs):
        begun = now(device)
        for pixels, labels in pictures.epoch(number, batch):
            falling = 1 - done / steps
            first = max(0.0, 1 - done / (images // batch * BIAS_EPOCHS))
            for group, rate, share in zip(
                (*rest.param_groups, *muon.param_groups),
                (RATES["biases"], RATES["biases"], RATES["head"], RATES["filters"]),
                (first, falling, falling, falling),
                strict=True,
            ):
                group["lr"] = rate * share
            with torch.autocast(device, torch.bfloat16):
                outputs = forward(pixels)
            F.cross_entropy(outputs.float(), labels, label_smoothing=SMOOTHING, reduction="sum").backward()
            rest.step(), muon.step()
            net.zero_grad()
            done += 1
        took = now(device) - begun
        seconds += took
    accuracy = measured(net, on(device, data.test)) if images == IMAGES else math.nan
    return {"step": took / (images // batch), "seconds": seconds, "accuracy": accuracy}


@torch.no_grad()
def measured(net: Net, test: Pictures) -> float:
    """The share of right answers over six views of each image: two shifts by a pixel, and all mirrored."""
    net.eval()
    right = 0
    for images, labels in zip(test.images.split(1000), test.labels.split(1000), strict=True):
        framed = F.pad(images, (1, 1, 1, 1), mode="reflect")
        views = ((images, 2.0), (framed[:, :, :32, :32], 1.0), (framed[:, :, 2:, 2:], 1.0))
        with torch.autocast(images.device.type, torch.bfloat16):
            logits = sum(weight * (net(view).float() + net(view.flip(-1)).float()) for view, weight in views)
        right += int((logits.argmax(1) == labels).sum())
    return right / len(test.labels)


def fast94(batch: int, images: int, epochs: int, device: str) -> dict[str, float]:
    """The same of the recipe in the engine."""
    from ablab.data import load_dataset
    from ablab.data.split import split
    from ablab.events import EpochDone, Finished
    from ablab.recipe import Recipe
    from ablab.train.loop import train

    recipe = Recipe.of({"recipe": "fast94"}).with_(f"batch={batch} epochs={epochs} kernels=auto device={device}")
    data, rows = load_dataset("cifar10"), list[float]()
    if images == IMAGES:
        splits = split(data, 0, fraction=recipe.val)
    else:  # a few steps, and little to measure behind each epoch
        recipe, splits = recipe.with_("tta=none"), split(data, 0, fraction=0.002, train_images=images)
    for event in train(recipe, splits, 0):
        if isinstance(event, EpochDone):
            rows.append(event.row.seconds)
            if images < IMAGES and len(rows) == epochs:
                break
    accuracy = event.test.accuracy if isinstance(event, Finished) else math.nan
    return {"step": rows[-1] / (len(splits.train) // batch), "seconds": sum(rows), "accuracy": accuracy}


def in_a_process(kind: str, numbers: Sequence[int], options: Sequence[str]) -> dict[str, float]:
    words = [sys.executable, __file__, *options, "--one", kind, *map(str, numbers)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--batch", type=int, default=500, help="images of a step that is timed; a full run has 2000")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--compile", action="store_true", help="compile the plain loop's network")
    asked = parser.parse_args()
    if asked.one:
        kind, *numbers = asked.one
        batch, images, epochs = map(int, numbers)
        for _ in range(2 if asked.device == "cuda" else 1):
            if kind == "textbook":
                took = textbook(batch, images, epochs, asked.device, asked.compile)
            else:
                took = fast94(batch, images, epochs, asked.device)
        print(json.dumps(took))
        return
    options = ["--device", asked.device, *(["--compile"] if asked.compile else [])]
    print(f"{torch.get_num_threads()} threads; {os.getloadavg()[0]:.1f} processes ran in the last minute")
    given = (BATCH, IMAGES, EPOCHS) if asked.full else (asked.batch, asked.batch * asked.steps, 2)
    pairs = []
    for _ in range(1 if asked.full and asked.device == "cpu" else asked.repeats):
        pairs.append((in_a_process("textbook", given, options), in_a_process("fast94", given, options)))
        plain, ours = pairs[-1]
        print(f"a step of {given[0]} images: plain loop {plain['step']:.3g} s, fast94 {ours['step']:.3g} s", flush=True)
        if asked.full:
            print(f"plain loop {plain['seconds']:.3g} s of training, {100 * plain['accuracy']:.2f} %")
            print(f"fast94     {ours['seconds']:.3g} s of training, {100 * ours['accuracy']:.2f} %")
    ratios = [ours["step"] / plain["step"] for plain, ours in pairs]
    print(f"fast94 takes {statistics.median(ratios):.2f} of the plain loop ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()

"""Speed and memory of the data room: one line a figure, with its bar and whether it is met."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ablab.data import load_dataset
from ablab.data.augment import Augment, augmenter
from ablab.data.dataset import Examples
from ablab.data.sources.phantom import phantom
from ablab.errors import AblabError

IMAGES = 50_000
BATCH = 500
ROUNDS = 5
MIB = 1 << 20
Array = np.ndarray[Any, Any]

# In a process of its own, so that its memory is that of reading the data and nothing else. VmHWM is the highest
# resident memory so far; getrusage's figure would begin with that of the process that started this one.
READ = """
import json, pathlib, sys, time, torch

def memory(key):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))

before = memory("VmRSS")
start = time.perf_counter()
from ablab.data import load_dataset
from ablab.errors import AblabError
try:
    dataset = load_dataset("cifar10")
except AblabError as error:
    print(json.dumps({"skipped": str(error).splitlines()[0]}))
    sys.exit()
seconds = time.perf_counter() - start
print(json.dumps({
    "seconds": seconds, "images": len(dataset.train), "notes": dataset.notes,
    "resident": memory("VmRSS") - before, "peak": memory("VmHWM") - before,
}))
"""


@dataclass(frozen=True)
class Figure:
    """A measurement and the bar that it is held to: at most `bar`, or at least."""

    what: str
    value: float
    bar: float
    unit: str
    at_least: bool = False
    detail: str = ""

    def __str__(self) -> str:
        met = self.value >= self.bar if self.at_least else self.value <= self.bar
        bar = f"{'>=' if self.at_least else '<='} {self.bar:g} {self.unit}"
        line = (
            f"{self.what:<52} {self.value:8.3f} {self.unit:<3} {bar:<11} {'met' if met else 'NOT MET':<8} {self.detail}"
        )
        return line.rstrip()


def main() -> None:
    """Every figure, printed as soon as it is there."""
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {os.cpu_count()} cores, load {_load()}")
    for figures in (reading, augmentation, generation, start_up):
        for line in figures():
            print(line, flush=True)


def reading() -> Iterator[Figure | str]:
    """The official files parsed, with no cache and from the cache, each in a fresh process; best of five."""
    if not Path("/proc/self/status").exists():
        yield "reading CIFAR-10: skipped: memory is measured in /proc, which this system does not have"
        return
    cold, cached = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            for figures in (cold, cached):
                found = _read_in_a_fresh_process(folder)
                if "skipped" in found:
                    yield f"reading CIFAR-10: skipped: {found['skipped']}"
                    return
                figures.append(found)
    for what, figures, bar in (("no cache (parses and writes it)", cold, 1.5), ("from the cache", cached, 0.15)):
        seconds = [found["seconds"] for found in figures]
        yield Figure(f"CIFAR-10, {what}", min(seconds), bar, "s", detail=f"median {statistics.median(seconds):.3f}")
    for what, figures in (("parsed", cold), ("from the cache", cached)):
        resident = max(found["resident"] for found in figures) / MIB
        peak = max(found["peak"] for found in figures) / MIB
        yield Figure(f"memory over torch, {what}: peak", peak, 260, "MB", detail=f"then resident {resident:.0f} MB")


def augmentation() -> Iterator[Figure | str]:
    """crop(4) + flip of 50,000 images in batches of 500, and the same image by image with Pillow, taking turns.

    Both begin with the images as the data set holds them (channels first) and end with a batch of that kind. Ours
    draws its numbers within its time, Pillow is told them.
    """
    examples, name = _images()
    order = torch.randperm(IMAGES, generator=torch.Generator().manual_seed(0))
    channels_last = examples.images.permute(0, 2, 3, 1).contiguous().numpy()
    ours, theirs, spared = [], [], []
    for epoch in range(ROUNDS):
        start = time.perf_counter()
        augment = augmenter("crop(4) + flip", seed=0, epoch=epoch, examples=examples, rows=order, classes=10)
        for rows in order.split(BATCH):
            augment(rows)
        ours.append(time.perf_counter() - start)
        moves = _moves(augment, order)
        for seconds, images in ((theirs, examples.images.numpy().transpose(0, 2, 3, 1)), (spared, channels_last)):
            out = np.empty((BATCH, 3, 32, 32), np.uint8)
            start = time.perf_counter()
            for at, move in enumerate(moves):
                out[at % BATCH] = _with_pillow(images, *move)
            seconds.append(time.perf_counter() - start)
            if not np.array_equal(augment(order[-BATCH:])[0].numpy(), out):
                raise SystemExit("crop + flip: Pillow's pixels differ from ours, so the times cannot be compared")
    median = statistics.median(ours)
    yield Figure(f"crop + flip of 50,000 images ({name})", min(ours), 0.5, "s", detail=f"median {median:.3f}")
    yield Figure(
        "crop + flip, times as fast as Pillow, image by image",
        _ratio(theirs, ours),
        15,
        "x",
        at_least=True,
        detail=f"same pixels; {_ratio(spared, ours):.1f} if Pillow gets its own layout for free",
    )


def generation() -> Iterator[Figure]:
    """The built-in data set, made anew."""
    seconds = [_timed(phantom) for _ in range(2)]
    yield Figure("phantom, 10,000 + 2,000 images", min(seconds), 5, "s")


def start_up() -> Iterator[Figure | str]:
    """`ablab --help` as a person calls it, and for comparison an interpreter that does nothing."""
    script = Path(sys.executable).parent / "ablab"
    if not script.exists():
        yield f"ablab --help: skipped: {script} is not there (install the package first)"
        return
    seconds = [_timed(lambda: _run([str(script), "--help"])) for _ in range(7)]
    nothing = [_timed(lambda: _run([sys.executable, "-c", "pass"])) for _ in range(7)]
    median = statistics.median(seconds)
    yield Figure(
        "ablab --help, best of 7",
        min(seconds),
        0.15,
        "s",
        detail=f"median {median:.3f}; bare Python {min(nothing):.3f}",
    )


def _read_in_a_fresh_process(cache: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run([sys.executable, "-c", READ], ABLAB_CACHE=cache))
    return found


def _images() -> tuple[Examples, str]:
    """50,000 images of 32x32: CIFAR-10 where it is, else the built-in set five times over."""
    try:
        return load_dataset("cifar10").train, "CIFAR-10"
    except AblabError:
        train = phantom().train
        return Examples(train.images.repeat(5, 1, 1, 1), train.labels.repeat(5)), "phantom five times over"


def _moves(augment: Augment, order: Tensor) -> list[tuple[int, int, int, bool]]:
    """Row, offsets and side of every image, as the augmentation has drawn them."""
    crops, flips = augment.draw("augment/crop/1", order), augment.draw("augment/flip/1", order)
    columns = order, crops.whole("top", 0, 8), crops.whole("left", 0, 8), flips.coin("side")
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _with_pillow(images: Array, row: int, top: int, left: int, mirror: bool) -> Array:
    picture = Image.fromarray(np.ascontiguousarray(images[row]))
    picture = ImageOps.expand(picture, 4).crop((left, top, left + 32, top + 32))
    if mirror:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(picture).transpose(2, 0, 1)


def _ratio(theirs: list[float], ours: list[float]) -> float:
    """The median over the rounds: within one, both met the same machine."""
    return statistics.median(their / our for their, our in zip(theirs, ours, strict=True))


def _run(command: list[str], **environment: str) -> str:
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True, text=True)
    return done.stdout


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    main()

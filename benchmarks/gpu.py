"""Speed of training on a GPU: images a second of whole epochs, as recorded graphs, plainly and compiled; and sharing.

    python benchmarks/gpu.py [--seconds N]

Prints rows for RESULTS.md. The pictures are made here, so that nothing has to be there but the card.
"""

import argparse
import dataclasses
import statistics
import time
from collections.abc import Sequence

import torch

from ablab.data.dataset import Examples, Splits
from ablab.data.sources.phantom import phantom
from ablab.events import EpochDone
from ablab.execute import Job, Loader
from ablab.execute.workers import Workers
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.train.device import capability
from ablab.train.loop import train

IMAGES = 45_000
# network, batch: those of the reports, and the usual one for a residual network
CASES = (
    ("simple-nn", 128),
    ("cnn3-dense", 64),
    ("resnet18", 128),
    ("alexnet", 32),
    ("vgg6", 32),
    ("resnet11", 32),
    ("resnet18-wide", 32),
)
WAYS = {"recorded": "auto", "plain": "false", "compiled": "true"}
COMPILED = ("simple-nn", "resnet18")  # compiling takes up to a minute, so only these two
SEEDS = 16
SHARED = "data=phantom model=simple-nn batch=128 epochs=20 device=cuda"


@dataclasses.dataclass(frozen=True)
class Speed:
    """Seconds of an epoch of 45,000 images, and the peak of memory."""

    epoch: float
    memory: int


def pictures() -> Splits:
    """So many images of phantom over and over: the numbers in them do not matter here."""
    data = phantom(train=5_000, test=1_000)
    again = -(-IMAGES // 5_000)
    examples = Examples(data.train.images.repeat(again, 1, 1, 1), data.train.labels.repeat(again))
    return Splits(examples, torch.arange(IMAGES), torch.arange(1_000), data.test, data.classes)


def speed(model: str, batch: int, way: str, splits: Splits, augment: str = "crop(4) + flip") -> Speed:
    """Of the fastest epoch but the first of a short run; large networks see fewer images, which is scaled up."""
    images = IMAGES if model in ("simple-nn", "cnn3-dense", "vgg6") else IMAGES // 5
    recipe = Recipe.of({"model": model, "batch": batch, "epochs": 4, "augment": augment, "lr": 0.001})
    recipe = recipe.with_(f"compile={way} device=cuda")
    part = dataclasses.replace(splits, train=splits.train[:images])
    seconds, memory = [], 0
    for event in train(recipe, part, 0):
        if isinstance(event, EpochDone):
            seconds.append(event.row.seconds)
            memory = max(memory, event.memory)
            if len(seconds) == 3:
                break
    return Speed(min(seconds[1:]) * IMAGES / images, memory)


def together(seeds: Sequence[int], processes: int) -> float:
    """Seconds until these seeds of simple-nn are done, by processes that are warm."""
    job = Job(Loader())
    recipe = Recipe.of({}).with_(SHARED)
    fingerprint = job.load(recipe).fingerprint

    def carry_out(execute: Workers, wanted: Sequence[RunSpec]) -> float:
        done: set[str] = set()
        begun = time.monotonic()
        for run in execute(lambda: [spec for spec in wanted if spec.id not in done], lambda *_: None):
            done.add(run.id)
        return time.monotonic() - begun

    with Workers(job, number=processes) as execute:
        carry_out(execute, [RunSpec(recipe.with_("epochs=1"), 1000 + i, fingerprint) for i in range(processes)])
        return carry_out(execute, [RunSpec(recipe, seed, fingerprint) for seed in seeds])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0, help="no new case begins after so many")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA GPU here: nothing to measure")
    begun = time.monotonic()

    def is_over() -> bool:
        return time.monotonic() - begun > given.seconds

    print(f"{torch.cuda.get_device_name()}, {capability()}, torch {torch.__version__}\n", flush=True)
    splits = pictures()
    print("| network, batch | step | an epoch of 45,000 | images a second | peak memory |\n|---|---|---|---|---|")
    for way, text in WAYS.items():
        for model, batch in CASES:
            if is_over() or (way == "compiled" and model not in COMPILED):
                continue
            took = speed(model, batch, text, splits)
            rate = f"{IMAGES / took.epoch:,.0f}"
            print(
                f"| `{model}`, {batch} | {way} | {took.epoch:.2f} s | {rate} | {took.memory / 2**20:,.0f} MiB |",
                flush=True,
            )
    print(
        f"\n| {SEEDS} seeds of simple-nn, 20 epochs of 9,000 | seconds | of one seed alone |\n|---|---|---|", flush=True
    )
    alone = statistics.median(together([seed], 1) for seed in range(3))
    print(f"| one seed alone | {alone:.1f} | 1 |", flush=True)
    for processes in (1, 2, 4, 8):
        if not is_over():
            took_all = together(range(SEEDS), processes)
            print(f"| {processes} processes | {took_all:.1f} | {took_all / alone:.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""How noisy is the accuracy of a run, and what makes it quieter? Many trainings, each measured in many ways.

    python benchmarks/noise.py                  # about an hour on one core; goes on where it was stopped
    python benchmarks/noise.py --part 1/2       # every second seed: the other process takes --part 2/2
    python benchmarks/noise.py --write          # keep the figures where `make noise` and `ablab plan` find them

For each seed it trains a recipe twice with the same training images but other initial weights and another order, which
is a change that does nothing, and it trains the recipe with a real change. Each training gives one accuracy on the test
images for each way to measure it.
"""

import argparse
import itertools
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ablab import randomness
from ablab.atomic import atomic_write
from ablab.data import load_dataset
from ablab.data.dataset import Splits
from ablab.events import EpochDone
from ablab.recipe import Recipe
from ablab.train.device import Hardware, choose_hardware
from ablab.train.loop import train
from ablab.train.losses import cross_entropy
from ablab.train.measure import BATCH, outputs
from ablab.train.pixels import Pixels, pixels_of
from ablab.train.splits import splits_of

FIGURES = Path(__file__).parent.parent / "src" / "ablab" / "study" / "noise.json"
SHARED = "data=cifar10 train_images=4000 val=0.02 epochs=6 batch=128 average=ema(0.98) threads=1 precision=fp32"
SMALL = f"{SHARED} model=simple-nn"
DENSE = f"{SHARED} model=mlp hidden=[128,64] activation=relu channels_last=false"
SETTINGS = {
    "mlp, cosine": f"{DENSE} lr=0.05",
    "mlp, constant": f"{DENSE} lr=0.02 schedule=constant",
    "simple-nn, cosine": f"{SMALL} lr=0.1",
    "simple-nn, constant": f"{SMALL} lr=0.05 schedule=constant",
}
CHANGES = {"flip": "augment=flip"}
AGAIN = 1000  # added to the seed of a training that has the images of another
TRAININGS = {"base": ("", 0), **{name: (text, 0) for name, text in CHANGES.items()}, "same": ("", AGAIN)}
VALIDATION = (100, 400, 1000)  # images that select the epoch, of those that are set aside
RECENT = 3  # epochs whose answers or accuracies are averaged

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Reader:
    """What it takes to read the outputs of a network."""

    net: nn.Module
    pixels: Pixels
    hardware: Hardware

    @torch.inference_mode()
    def answers(self, weights: Weights, images: Tensor) -> Tensor:
        """The outputs of the network with these weights for each image, u8[N,C,H,W] -> f32[N,K]."""
        self.net.load_state_dict(weights)
        self.net.eval()
        return torch.cat([outputs(self.net, some, self.pixels, self.hardware, ()) for some in images.split(BATCH)])


def accuracies(recipe: Recipe, splits: Splits, seed: int) -> dict[str, float]:
    """Train once, and give the test accuracy in points for every way to measure it."""
    plain: list[Weights] = []
    averaged: list[Weights] = []
    judged: list[tuple[float, float, int]] = []  # by all validation images, with averaged weights
    for event in train(recipe, splits, seed):
        if isinstance(event, EpochDone):
            state = event.state
            plain.append({name: tensor.clone() for name, tensor in state.net.state_dict().items()})
            averaged.append(plain[-1] | {name: tensor.clone() for name, tensor in state.average.weights.items()})
            judged.append((event.row.val_accuracy, -event.row.val_loss, -event.row.epoch))
            if len(plain) == recipe.epochs:
                break
    hardware = choose_hardware(recipe.precision, device=recipe.device, threads=recipe.threads, net=state.net)
    reader = Reader(state.net, pixels_of(splits.examples, splits.train, hardware), hardware)
    images, labels, last = splits.test.images, splits.test.labels, recipe.epochs - 1

    def points(outputs: Tensor) -> float:
        return round(100 * float((outputs.argmax(1) == labels).double().mean()), 4)

    epochs = selected(reader, splits, seed, plain)
    recent = range(last - RECENT + 1, last + 1)
    answers = {epoch: reader.answers(plain[epoch], images) for epoch in {*epochs.values(), *recent}}
    mirrored = reader.answers(plain[last], images.flip(-1))
    best = judged.index(max(judged))
    ema = {epoch: reader.answers(averaged[epoch], images) for epoch in {best, last}}
    return {
        **{f"best of {many}": points(answers[epoch]) for many, epoch in epochs.items()},
        "last": points(answers[last]),
        "mean accuracy": round(sum(points(answers[epoch]) for epoch in recent) / RECENT, 4),
        "mean answer": points(torch.stack([answers[epoch] for epoch in recent]).mean(0)),
        "ema, best": points(ema[best]),
        "ema, last": points(ema[last]),
        "flip": points((answers[last] + mirrored) / 2),
    }


def selected(reader: Reader, splits: Splits, seed: int, plain: Sequence[Weights]) -> dict[int, int]:
    """The epoch that each number of validation images selects: most right, then least loss, then the earliest."""
    rows = splits.val[torch.randperm(len(splits.val), generator=randomness.stream(seed, "noise"))]
    images, labels = splits.examples.images[rows], splits.examples.labels[rows]
    answers = [reader.answers(weights, images) for weights in plain]

    def rank(epoch: int, many: int) -> tuple[int, float, int]:
        outputs, truth = answers[epoch][:many], labels[:many]
        return int((outputs.argmax(1) == truth).sum()), -float(cross_entropy(outputs, truth)), -epoch

    return {many: max(range(len(plain)), key=lambda epoch: rank(epoch, many)) for many in VALIDATION}


def recipe_of(setting: str, change: str = "") -> Recipe:
    return Recipe.of({}).with_(f"{SETTINGS[setting]} {change}")


def train_all(settings: Sequence[str], seeds: Sequence[int], trainings: Sequence[str], place: Path) -> None:
    """Train whatever is not there yet, seed by seed, so that a benchmark that is stopped has whole pairs."""
    dataset = load_dataset(recipe_of(settings[0]).data)
    for seed, setting, training in itertools.product(seeds, settings, trainings):
        path = path_of(place, setting, training, seed)
        if path.exists():
            continue
        change, added = TRAININGS[training]
        recipe = recipe_of(setting, change)
        begun = time.monotonic()
        figures = accuracies(recipe, splits_of(recipe, dataset, seed), seed + added)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, json.dumps(figures))
        seconds = time.monotonic() - begun
        print(f"{setting}, {training}, seed {seed}: {figures['last']:.2f} %, {seconds:.1f} s", flush=True)


def path_of(place: Path, setting: str, training: str, seed: int) -> Path:
    return place / setting.replace(", ", "-") / f"{training}-{seed}.json"


def collected(place: Path, settings: Sequence[str]) -> str:
    """All figures as JSON, a line for each way to measure each training."""
    found = [
        {"name": setting, "recipe": SETTINGS[setting], "trainings": trainings}
        for setting in settings
        if (trainings := trainings_of(place, setting))
    ]
    numbers = re.compile(r"\[\s+([-\d.,\s]+?)\s+\]")
    return numbers.sub(lambda match: f"[{' '.join(match[1].split())}]", json.dumps(found, indent=1)) + "\n"


def trainings_of(place: Path, setting: str) -> dict[str, dict[str, list[float]]]:
    """The accuracies of each training for each way to measure, over the seeds that have the base and every change."""
    seeds = sorted(
        int(path.stem.rpartition("-")[2]) for path in path_of(place, setting, "base", 0).parent.glob("base-*")
    )
    whole = [seed for seed in seeds if all(path_of(place, setting, name, seed).exists() for name in CHANGES)]
    found = {}
    for training in TRAININGS:
        paths = [path_of(place, setting, training, seed) for seed in whole]
        rows = [json.loads(path.read_text(encoding="utf-8")) for path in itertools.takewhile(Path.exists, paths)]
        if rows:
            found[training] = {way: [row[way] for row in rows] for way in rows[0]}
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    words.add_argument("--trainings", nargs="+", choices=list(TRAININGS), default=list(TRAININGS))
    words.add_argument("--seeds", type=int, default=60)
    words.add_argument("--part", default="1/1", help="this process takes every n-th seed: 2/3 takes seeds 1, 4, 7, ...")
    words.add_argument("--place", type=Path, default=Path(".noise"), help="folder for the figures of each training")
    words.add_argument("--write", action="store_true", help=f"train nothing; keep the figures in {FIGURES.name}")
    given = words.parse_args()
    if given.write:
        atomic_write(FIGURES, collected(given.place, given.settings))
        return
    first, parts = map(int, given.part.split("/"))
    train_all(given.settings, range(first - 1, given.seeds, parts), given.trainings, given.place)


if __name__ == "__main__":
    main()

"""Numbers: losses that are not finite, and data sets of one class, one image a class or constant images."""

import json
from collections.abc import Iterator
from pathlib import Path

from ablab.store import Store
from fault_suite.child import judged
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.nursery import Nursery

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.last = nn.Linear(3 * 32 * 32, classes)
        self.steps = 0

    def forward(self, x):
        y = self.last(x.flatten(1))
        self.steps += self.training
        if SPOILT:
            y = y * float(VALUE)
        return y
"""
SMALL = ["data=phantom(train=400, test=60)", "epochs=4", "threads=1", "lr=0.01", "--json"]
PLACES = {
    "at the first steps": "self.training and len(x) == 50 and self.steps < 6",  # the check before has 64 images
    "at step 1,000": "self.training and self.steps == 1000",
    "at a step": "self.training and 3 <= self.steps < 9",
    "from step 20 on": "self.training and self.steps >= 20",
    "in validation only": "self.steps > 9 and not self.training and len(x) == 40",
    "on test images only": "self.steps > 9 and not self.training and len(x) == 60",
}


def not_finite(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A loss that is NaN or infinite: a run that is kept as diverged, without weights, and only finite figures."""
    cases = [(value, place) for place in PLACES for value in ("nan", "inf")]
    for value, place in (cases * number)[:number]:
        here = folder / f"{value} {place}"
        here.mkdir(exist_ok=True)
        (here / "net.py").write_text(NET.replace("SPOILT", PLACES[place]).replace("VALUE", repr(value)))
        what = f"{value} {place}"
        batch = "batch=1" if "1,000" in place else "batch=50"
        ended = nursery.run(["train", "net.py:Net", batch, *SMALL], here)
        yield kept_as_failed(judged(ended, what, [1]), here / "store", what)
    here = folder / "by itself"
    ended = nursery.run(["train", "simple-nn", "batch=50", *SMALL[:3], "lr=1e30", "--json"], here)
    yield kept_as_failed(judged(ended, "lr=1e30", [1]), here / "store", "lr=1e30")


def kept_as_failed(trial: Trial, folder: Path, what: str) -> Trial:
    """Whether the store has the run, as one that did not finish, with figures that are finite or absent."""
    if trial is not HELD:
        return trial
    store = Store(folder)
    try:
        runs = store.runs()
    finally:
        store.connection.close()
    if not runs:
        return Trial("lost", f"{what}: no run was kept")
    if runs[0].status == "finished" or list((folder / "weights").glob("*")):
        return Trial("silent", f"{what}: {runs[0].status}, with weights or a figure")
    try:
        json.dumps([run.cost.seconds for run in runs], allow_nan=False)
    except ValueError:
        return Trial("silent", f"{what}: a figure that is not finite")
    return HELD


DATA = """
import numpy, sys
from ablab.cli import main
draw = numpy.random.default_rng(0)
images = draw.integers(0, 256, (80, 8, 8, 3), dtype=numpy.uint8)
labels = numpy.arange(80) % 4
kind = sys.argv.pop(1)
if kind == "one class":
    labels[:] = 0
if kind == "one image a class":
    labels = numpy.arange(80)
if kind == "constant images":
    images[:] = 128
if kind == "one constant channel":
    images[..., 1] = 0
if kind == "a class in the test part only":
    labels[:60][labels[:60] == 3] = 0
if kind == "two images":
    images, labels = images[:6], labels[:6] % 2
test = max(2, len(images) // 4)
numpy.savez("data.npz", x_train=images[:-test], y_train=labels[:-test], x_test=images[-test:], y_test=labels[-test:])
main()
"""
KINDS = (
    *("one class", "one image a class", "constant images", "one constant channel"),
    *("a class in the test part only", "two images"),
)
RECIPES = (["batch=20"], ["batch=1", "norm=batch"], ["batch=7", "norm=batch", "augment=crop(1)+flip"])


def degenerate(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Data sets from which little can be learned: a result with finite figures, or words before training."""
    cases = [(kind, recipe) for recipe in RECIPES for kind in KINDS]
    for kind, recipe in cases[:number]:
        here, what = folder / f"{kind} {recipe[0]}", f"{kind}, {' '.join(recipe)}"
        words = [kind, "train", "simple-nn", "data=data.npz", "epochs=2", "threads=1", *recipe, "--json"]
        ended = nursery.run(words, here, program=DATA)
        trial = judged(ended, what, [0, 1, 2])
        is_json = "NaN" not in ended.out and "Infinity" not in ended.out
        yield trial if trial is not HELD or is_json else Trial("silent", f"{what}: NaN in the JSON")


def in_one_variant(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A variant that diverges: its runs count as failures, and the verdict says so."""
    study = """
    question = "Does a learning rate of 1e30 help?"
    data = "phantom(train=200, test=60)"
    model = "simple-nn"
    epochs = 2
    threads = 1
    [variants]
    "too fast" = "lr=1e30"
    [decide]
    margin = 1.0
    seeds = "3..4"
    """
    for at in range(number):
        here = folder / str(at)
        here.mkdir()
        (here / "study.toml").write_text(study)
        ended = nursery.run(["run", "study.toml", "--workers", "1", "--json"], here)
        trial = judged(ended, "one variant", [0])
        sentence = json.loads(ended.out.splitlines()[-1])["verdicts"][0]["sentence"] if trial is HELD else ""
        yield trial if trial is not HELD or "failed" in sentence else Trial("silent", f"no failure in {sentence!r}")


LITTLE = [megabytes << 20 for megabytes in (384, 448, 512, 640, 768, 1024)]  # above what a process has that has begun


def memory(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A training with less memory than its batches want: words, and with enough memory it is as if nothing had been."""
    words = ["train", "simple-nn", "data=phantom(train=4000, test=60)", "epochs=1", "batch=3600", "threads=1", "--json"]
    for at in range(number):
        most = LITTLE[at % len(LITTLE)]
        here, what = folder / str(at), f"{most >> 20} MB"
        yield judged(nursery.run(words, here, limits={"AS": most}), what, [0, 1])


FAULTS = (
    Fault("a loss that is not finite", 1, 12, not_finite),
    Fault("a variant that diverges", 1, 3, in_one_variant, is_long=True),
    Fault("one class, one image a class, constant images", 1, 18, degenerate),
    Fault("too little memory", 1, 6, memory, is_long=True),
)

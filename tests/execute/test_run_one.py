"""One run spec becomes the events of a training and its run, whatever goes wrong on the way."""

import dataclasses
import platform

import psutil
import pytest
import torch

from ablab.data.dataset import Examples
from ablab.data.sources.phantom import phantom
from ablab.errors import Terminated
from ablab.events import EpochDone, Finished, Noticed, Started
from ablab.execute.run_one import run_one
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.store import Store
from ablab.train.device import keep_memory

pytestmark = pytest.mark.slow

RECIPE = Recipe.of({"epochs": 4, "batch": 50, "norm": "batch", "augment": "crop(2) + flip"})
DATA = phantom(train=200, test=60)
WANTED = RunSpec(RECIPE, 3, DATA.fingerprint)


def test_the_events_of_a_training_end_in_its_run():
    items = list(run_one(WANTED, DATA))
    kinds = [type(item) for item in items if not isinstance(item, Noticed)]
    assert kinds == [Started, *[EpochDone] * 4, Finished, Run]
    assert items[-1].curve == tuple(item.row for item in items if isinstance(item, EpochDone))
    assert items[-1].test == items[-2].test


def test_a_training_that_explodes_ends_in_a_run_that_says_so():
    *_, note, run = run_one(dataclasses.replace(WANTED, recipe=RECIPE.with_("lr=1e6")), DATA)
    assert (run.status, run.test) == ("diverged", None)
    assert run.note == note.text
    assert "gradient norm" in run.note


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep no memory for us")
def test_a_run_returns_freed_memory_to_the_system():
    keep_memory()
    before = anonymous_memory()
    buffers = [torch.ones(1 << 18) for _ in range(200)]  # 1 MiB each
    del buffers
    assert anonymous_memory() - before > 150 << 20  # the process keeps them while it trains
    *_, run = run_one(WANTED, DATA)
    assert run.status == "finished"
    assert anonymous_memory() - before < 100 << 20


def anonymous_memory() -> int:
    """Bytes of this process that come from no file."""
    memory = psutil.Process().memory_info()
    return memory.rss - memory.shared


def test_a_training_without_memory_is_kept_as_failed(tmp_path):
    (tmp_path / "own.py").write_text(HUNGRY)
    recipe = Recipe.of({"model": f"{tmp_path}/own.py:Net", "epochs": 1, "batch": 50})
    *_, run = run_one(dataclasses.replace(WANTED, recipe=recipe), DATA)
    assert run.status == "failed"
    assert "memory ran out with 50 images a step" in run.note
    assert "batch_split=2" in run.note


HUNGRY = """
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self, classes):
        super().__init__(nn.Flatten(), nn.Linear(3072, classes))
        self.passes = 0

    def forward(self, x):
        self.passes += self.training
        if self.passes > 4:
            torch.empty(1 << 60)
        return super().forward(x)
"""


OWN = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self, classes):
        super().__init__(nn.Flatten(), nn.Linear(3072, classes))
        self.passes = 0

    def forward(self, x):
        self.passes += self.training
        {line}
        return super().forward(x)
"""
LATER = "if self.passes > 8: "


@pytest.mark.parametrize(
    ("line", "status", "note"),
    [
        (LATER + 'raise KeyError("mine")', "failed", "KeyError: 'mine'"),
        (LATER + "raise SystemExit(0)", "failed", "SystemExit: 0"),
        (LATER + "exit(143)", "failed", "SystemExit: 143"),
        (LATER + "return 1 / 0", "failed", "ZeroDivisionError"),
        (LATER + "return None", "failed", "own.py:Net"),
        ("if len(x) == 60: return super().forward(x) * float('nan')", "diverged", "loss on the test images"),
        ("if len(x) == 60: return super().forward(x) * float('inf')", "diverged", "loss on the test images"),
    ],
)
def test_own_code_that_breaks_off_or_gives_no_number_leaves_a_run_with_its_curve(tmp_path, line, status, note):
    (tmp_path / "own.py").write_text(OWN.format(line=line))
    recipe = Recipe.of({"model": f"{tmp_path}/own.py:Net", "epochs": 3, "batch": 50, "lr": 1e-4})
    *_, run = run_one(dataclasses.replace(WANTED, recipe=recipe), DATA)
    assert (run.status, run.test) == (status, None)
    assert note in run.note
    assert len(run.curve) >= 1
    store = Store(tmp_path)
    store.add(run)
    assert store.runs() == [run]


@pytest.mark.parametrize("end", [Terminated(143), KeyboardInterrupt()])
def test_a_signal_in_own_code_ends_the_process_and_not_the_run_alone(tmp_path, monkeypatch, end):
    (tmp_path / "own.py").write_text(OWN.format(line=LATER + "import builtins; raise builtins.signal_of_a_test"))
    monkeypatch.setattr("builtins.signal_of_a_test", end, raising=False)
    recipe = Recipe.of({"model": f"{tmp_path}/own.py:Net", "epochs": 3, "batch": 50})
    with pytest.raises(type(end)):
        list(run_one(dataclasses.replace(WANTED, recipe=recipe), DATA))


class Guarded(Examples):
    """Examples that may be looked at only while they are open."""

    is_open = False

    def __getattribute__(self, name):
        if name in ("images", "labels") and not type(self).is_open:
            raise AssertionError("the test images were looked at")
        return super().__getattribute__(name)


def guarded():
    return dataclasses.replace(DATA, test=Guarded(DATA.test.images, DATA.test.labels))


def test_the_test_images_are_not_looked_at_before_the_last_epoch_is_done():
    try:
        for item in run_one(WANTED, guarded()):
            Guarded.is_open = isinstance(item, EpochDone) and item.row.epoch == RECIPE.epochs
        assert item.test.images == len(DATA.test)
    finally:
        Guarded.is_open = False


def test_what_explores_never_looks_at_the_test_images():
    *_, run = run_one(dataclasses.replace(WANTED, explores=True), guarded())
    assert run.test.accuracy == run.curve[run.selected_epoch - 1].val_accuracy
    assert run.id != WANTED.id

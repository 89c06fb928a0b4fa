"""A run that is stopped, in whatever way, goes on and ends as one that was not."""

import dataclasses

import pytest

from ablab.data.dataset import Examples
from ablab.data.sources.phantom import phantom
from ablab.errors import InputError
from ablab.events import EpochDone, Noticed
from ablab.execute import checkpoint_path, previous_checkpoint
from ablab.execute import run_one as running
from ablab.execute.run_one import run_one
from ablab.recipe import Recipe
from ablab.records import Machine, RunSpec
from ablab.train.checkpoint import facts

RECIPE = Recipe.of({"epochs": 4, "batch": 50, "norm": "batch", "augment": "crop(2) + flip"})
DATA = phantom(train=200, test=60)
WANTED = RunSpec(RECIPE, 3, DATA.fingerprint)


def nothing(wanted, event):
    pass


def timeless(run):
    """A run without what differs between two of the same: times and memory."""
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    return dataclasses.replace(
        run, curve=curve, origin=None, cost=dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    )


@pytest.fixture(scope="module")
def whole():
    return timeless(run_one(WANTED, DATA, nothing))


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    monkeypatch.setattr(running, "PAUSE", 0.0)


def stopped_after(epoch, folder):
    def show(wanted, event):
        if isinstance(event, EpochDone) and event.row.epoch == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_one(WANTED, DATA, show, folder)


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_it_goes_on_behind_the_last_checkpoint_and_ends_the_same(epoch, whole, tmp_path):
    stopped_after(epoch, tmp_path)
    seen = []
    assert timeless(run_one(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == list(range(epoch + 1, 5))
    assert any(isinstance(event, Noticed) and f"behind epoch {epoch}" in event.text for event in seen)


def test_stopped_twice_it_ends_the_same(whole, tmp_path):
    stopped_after(1, tmp_path)
    stopped_after(2, tmp_path)
    assert timeless(run_one(WANTED, DATA, nothing, tmp_path)) == whole


def test_a_damaged_checkpoint_is_told_of_and_the_one_before_is_used(whole, tmp_path):
    stopped_after(3, tmp_path)
    path = checkpoint_path(tmp_path, WANTED.id)
    damage(path)
    seen = []
    assert timeless(run_one(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert any(isinstance(event, Noticed) and "the one before is tried" in event.text for event in seen)
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [3, 4]


def test_with_no_whole_checkpoint_it_starts_anew_and_says_so(whole, tmp_path):
    stopped_after(3, tmp_path)
    path = checkpoint_path(tmp_path, WANTED.id)
    damage(path)
    damage(previous_checkpoint(path))
    seen = []
    assert timeless(run_one(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert any(isinstance(event, Noticed) and "starts anew" in event.text for event in seen)


def test_the_checkpoint_of_another_recipe_is_refused_with_what_differs(tmp_path):
    stopped_after(2, tmp_path)
    other = dataclasses.replace(WANTED, recipe=RECIPE.with_("lr=0.01"))
    checkpoint_path(tmp_path, WANTED.id).rename(checkpoint_path(tmp_path, other.id))
    with pytest.raises(InputError, match=r"of another run.*\n    lr = 0.05 there, 0.01 here$"):
        run_one(other, DATA, nothing, tmp_path)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_another_seed_does_not_take_the_checkpoint(tmp_path):
    stopped_after(2, tmp_path)
    seen = []
    run_one(dataclasses.replace(WANTED, seed=4), DATA, lambda _, event: seen.append(event), tmp_path)
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [1, 2, 3, 4]


def test_checkpoints_are_no_more_frequent_than_they_need_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PAUSE", 1000.0)
    files = []
    run_one(WANTED, DATA, lambda _, event: files.extend(tmp_path.iterdir()), tmp_path)
    assert not files


def test_a_run_that_is_stopped_loses_no_whole_epoch_however_rare_checkpoints_are(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PAUSE", 1000.0)
    stopped_after(2, tmp_path)
    seen = []
    assert timeless(run_one(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [3, 4]


def test_another_number_of_threads_is_told_of(tmp_path):
    recipe = RECIPE.with_("threads=1")
    wanted = dataclasses.replace(WANTED, recipe=recipe)

    def show(_, event):
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_one(wanted, DATA, show, tmp_path)
    path = checkpoint_path(tmp_path, wanted.id)
    state = path.read_bytes()
    said = facts(state)
    assert said["machine"]["threads"] == 1
    assert list(running._changed({**said["machine"], "threads": 7}, Machine(**said["machine"]))) == [
        "it began with threads = 7, now 1: the last bits may differ from an unbroken run"
    ]


def test_a_training_that_explodes_is_kept_as_diverged_with_what_came_before(tmp_path):
    run = run_one(dataclasses.replace(WANTED, recipe=RECIPE.with_("lr=1e6")), DATA, nothing, tmp_path)
    assert run.status == "diverged"
    assert run.test is None
    assert "gradient norm" in run.note
    assert not list(tmp_path.iterdir())


def test_a_training_without_memory_is_kept_as_failed(tmp_path):
    (tmp_path / "own.py").write_text(HUNGRY)
    recipe = Recipe.of({"model": f"{tmp_path}/own.py:Net", "epochs": 1, "batch": 50})
    run = run_one(dataclasses.replace(WANTED, recipe=recipe), DATA, nothing)
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
    def show(wanted, event):
        Guarded.is_open = isinstance(event, EpochDone) and event.row.epoch == RECIPE.epochs

    try:
        assert run_one(WANTED, guarded(), show).test.images == len(DATA.test)
    finally:
        Guarded.is_open = False


def test_what_explores_never_looks_at_the_test_images():
    run = run_one(dataclasses.replace(WANTED, explores=True), guarded(), nothing)
    assert run.test.accuracy == run.curve[run.selected_epoch - 1].val_accuracy
    assert run.id != WANTED.id

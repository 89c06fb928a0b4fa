"""A run that is stopped, in whatever way, goes on and ends as one that was not."""

import dataclasses
import math

import pytest

from ablab.data.sources.phantom import phantom
from ablab.errors import InputError
from ablab.events import EpochDone, Noticed
from ablab.execute import checkpoints as keeping
from ablab.execute.checkpoints import carry_out, checkpoint_path, previous_checkpoint, resumed
from ablab.recipe import Recipe
from ablab.records import RunSpec
from ablab.train import device
from ablab.train.checkpoint import facts, pack

pytestmark = pytest.mark.slow

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
    return timeless(carry_out(WANTED, DATA, nothing))


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    monkeypatch.setattr(keeping, "PAUSE", 0.0)
    monkeypatch.setattr(keeping, "PACKING", math.inf)


def stopped_after(epoch, folder):
    def show(wanted, event):
        if isinstance(event, EpochDone) and event.row.epoch == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(WANTED, DATA, show, folder)


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_it_goes_on_behind_the_last_checkpoint_and_ends_the_same(epoch, whole, tmp_path):
    stopped_after(epoch, tmp_path)
    seen = []
    assert timeless(carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == list(range(epoch + 1, 5))
    assert any(isinstance(event, Noticed) and f"after epoch {epoch}" in event.text for event in seen)


def test_stopped_twice_it_ends_the_same(whole, tmp_path):
    stopped_after(1, tmp_path)
    stopped_after(2, tmp_path)
    assert timeless(carry_out(WANTED, DATA, nothing, tmp_path)) == whole


def test_a_damaged_checkpoint_is_told_of_and_the_one_before_is_used(whole, tmp_path):
    stopped_after(3, tmp_path)
    path = checkpoint_path(tmp_path, WANTED.id)
    damage(path)
    seen = []
    assert timeless(carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert any(isinstance(event, Noticed) and "ablab tries the one before" in event.text for event in seen)
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [3, 4]


def test_with_no_whole_checkpoint_it_starts_anew_and_says_so(whole, tmp_path):
    stopped_after(3, tmp_path)
    path = checkpoint_path(tmp_path, WANTED.id)
    damage(path)
    damage(previous_checkpoint(path))
    seen = []
    assert timeless(carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert any(isinstance(event, Noticed) and "starts over" in event.text for event in seen)


def test_the_checkpoint_of_another_recipe_is_refused_with_what_differs(tmp_path):
    stopped_after(2, tmp_path)
    other = dataclasses.replace(WANTED, recipe=RECIPE.with_("lr=0.01"))
    checkpoint_path(tmp_path, WANTED.id).rename(checkpoint_path(tmp_path, other.id))
    with pytest.raises(InputError, match=r"belongs to another run.*\n    lr = 0.05 there, 0.01 here$"):
        carry_out(other, DATA, nothing, tmp_path)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_another_seed_does_not_take_the_checkpoint(tmp_path):
    stopped_after(2, tmp_path)
    seen = []
    carry_out(dataclasses.replace(WANTED, seed=4), DATA, lambda _, event: seen.append(event), tmp_path)
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [1, 2, 3, 4]


def test_checkpoints_are_no_more_frequent_than_they_need_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "PAUSE", 1000.0)
    files = []
    carry_out(WANTED, DATA, lambda _, event: files.extend(tmp_path.iterdir()), tmp_path)
    assert not files


def test_a_run_that_is_stopped_loses_no_whole_epoch_however_rare_checkpoints_are(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "PAUSE", 1000.0)
    stopped_after(2, tmp_path)
    seen = []
    assert timeless(carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [3, 4]


def test_a_large_network_is_packed_rarely_and_still_loses_no_whole_epoch_when_it_is_stopped_between_two(
    whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(keeping, "PACKING", 1e-9)
    packed = []
    monkeypatch.setattr(keeping, "pack", lambda state, facts: packed.append(state.epoch) or pack(state, facts))
    stopped_after(3, tmp_path)
    assert packed == [1, 3]
    assert timeless(carry_out(WANTED, DATA, nothing, tmp_path)) == whole


def test_another_number_of_threads_is_told_of_and_marked_for_good(tmp_path, monkeypatch):
    monkeypatch.setattr(device, "usual_threads", lambda: 1)
    stopped_after(1, tmp_path)
    assert facts(checkpoint_path(tmp_path, WANTED.id).read_bytes())["machine"]["threads"] == 1
    monkeypatch.setattr(device, "usual_threads", lambda: 2)
    stopped_after(2, tmp_path)
    seen = []
    run = carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)
    assert run.machine.resumed == ("threads = 1, then 2",)
    assert not [event for event in seen if isinstance(event, Noticed) and "it began with" in event.text]


def test_a_checkpoint_of_a_version_that_knew_fewer_facts_is_good(whole, tmp_path, monkeypatch):
    def older(state, facts):
        del (
            facts["recipe"]["sync_norm"],
            facts["recipe"]["norm_eps"],
            facts["machine"]["processes"],
            facts["machine"]["resumed"],
        )
        return pack(state, facts)

    with monkeypatch.context() as before:
        before.setattr(keeping, "pack", older)
        stopped_after(2, tmp_path)
    assert timeless(carry_out(WANTED, DATA, nothing, tmp_path)) == whole


def test_a_training_that_explodes_is_kept_as_diverged_with_what_came_before(tmp_path):
    run = carry_out(dataclasses.replace(WANTED, recipe=RECIPE.with_("lr=1e6")), DATA, nothing, tmp_path)
    assert run.status == "diverged"
    assert run.test is None
    assert "gradient norm" in run.note
    assert not list(tmp_path.iterdir())


def test_a_run_whose_events_are_no_longer_asked_for_keeps_its_last_whole_epoch(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "PAUSE", 1000.0)
    events = resumed(WANTED, DATA, tmp_path)
    while not isinstance(next(events), EpochDone):
        pass
    assert not list(tmp_path.iterdir())
    events.close()
    seen = []
    assert timeless(carry_out(WANTED, DATA, lambda _, event: seen.append(event), tmp_path)) == whole
    assert [event.row.epoch for event in seen if isinstance(event, EpochDone)] == [2, 3, 4]

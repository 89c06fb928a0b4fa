"""Runs side by side: what one after the other gives, to the last bit, and nothing left behind."""

import dataclasses
import os
import signal
from dataclasses import dataclass
from types import SimpleNamespace

import psutil
import pytest
import torch

from ablab.data.dataset import Dataset
from ablab.data.sources.phantom import phantom
from ablab.errors import AblabError
from ablab.events import EpochDone, Finished, Started
from ablab.execute import Job
from ablab.execute import workers as working
from ablab.execute.checkpoints import checkpoint_path
from ablab.execute.here import Here
from ablab.execute.workers import Workers, suitable_workers
from ablab.recipe import Recipe
from ablab.records import RunSpec

RECIPE = Recipe.of({"epochs": 2, "batch": 50, "threads": 1, "norm": "batch"})


@dataclass(frozen=True)
class Tiny:
    """Gives the same small data in every process."""

    def __call__(self, recipe: Recipe) -> Dataset:
        return phantom(train=200, test=60)


FINGERPRINT = Tiny()(RECIPE).fingerprint
WANTED = [RunSpec(RECIPE.with_(f"lr={rate}"), seed, FINGERPRINT) for seed in (0, 1) for rate in (0.05, 0.01)]


def timeless(run):
    curve = tuple(dataclasses.replace(row, seconds=0.0) for row in run.curve)
    return dataclasses.replace(
        run, curve=curve, origin=None, cost=dataclasses.replace(run.cost, seconds=0.0, wall_seconds=0.0, memory=0)
    )


@pytest.mark.long
def test_runs_side_by_side_are_those_one_after_the_other_to_the_last_bit(tmp_path):
    seen = []
    with Workers(Job(Tiny(), tmp_path), number=2) as execute:
        found = list(execute(lambda: WANTED, lambda one, event: seen.append((one.id, event))))
        again = list(execute(lambda: WANTED[:1], lambda one, event: None))
        assert len(execute.processes) == 2
    expected = {run.id: timeless(run) for run in Here(Job(Tiny()))(lambda: WANTED, lambda one, event: None)}
    assert {run.id: timeless(run) for run in found} == expected
    assert timeless(again[0]) == expected[WANTED[0].id]
    for one in WANTED:
        kinds = [type(event) for id_, event in seen if id_ == one.id]
        assert [kind for kind in kinds if kind in (Started, EpochDone, Finished)] == [
            Started, EpochDone, EpochDone, Finished,
        ]  # fmt: skip


@pytest.mark.slow
def test_no_process_is_left_behind_and_the_last_epoch_is_kept_when_it_is_stopped(tmp_path):
    def show(one, event):
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    long = dataclasses.replace(WANTED[0], recipe=RECIPE.with_("epochs=500"))
    with pytest.raises(KeyboardInterrupt), Workers(Job(Tiny(), tmp_path), number=2) as execute:
        list(execute(lambda: [long], show))
    assert not [child for child in psutil.Process().children() if child.pid in _pids(execute)]
    assert checkpoint_path(tmp_path, long.id).exists()


@pytest.mark.slow
def test_a_process_that_is_killed_is_told_of_with_its_run(tmp_path):
    def show(one, event):
        if isinstance(event, Started):
            os.kill(_pids(execute)[0], signal.SIGKILL)

    long = dataclasses.replace(WANTED[0], recipe=RECIPE.with_("epochs=500"))
    with (
        pytest.raises(AblabError, match=f"run {long.id} ended with code -9.*[Rr]un the same command again"),
        Workers(Job(Tiny(), tmp_path), number=1) as execute,
    ):
        list(execute(lambda: [long], show))


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_ctrl_c_before_a_process_can_answer_ends_it_without_a_traceback(pause, capfd):
    with Workers(Job(Tiny()), number=1) as execute:
        process = execute.processes[execute._start()]
        process.join(pause)
        os.kill(process.pid, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 143
    assert capfd.readouterr().err == ""
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_an_error_of_ours_comes_across(tmp_path):
    wrong = dataclasses.replace(WANTED[0], recipe=RECIPE.with_("train_images=100000"))
    with (
        pytest.raises(AblabError, match="only 180 training images"),
        Workers(Job(Tiny(), tmp_path), number=1) as execute,
    ):
        list(execute(lambda: [wrong], lambda one, event: None))


def test_there_are_as_many_as_cores_runs_and_memory_allow(monkeypatch):
    monkeypatch.setattr(working, "usual_threads", lambda: 8)
    monkeypatch.setattr(working, "MEMORY", 1)
    assert suitable_workers(3) == 3
    assert suitable_workers(100) == 8
    monkeypatch.setattr(working, "MEMORY", 1 << 60)
    assert suitable_workers(100) == 1


@pytest.mark.parametrize(("gigabytes", "runs", "processes"), [(80, 100, 4), (80, 2, 2), (40, 100, 2), (8, 100, 1)])
def test_a_gpu_is_shared_by_as_many_as_its_memory_allows(gigabytes, runs, processes, monkeypatch):
    monkeypatch.setattr(working, "usual_threads", lambda: 8)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    card = SimpleNamespace(total_memory=gigabytes << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    assert suitable_workers(runs) == processes


def _pids(execute):
    return [process.pid for process in execute.processes.values()]

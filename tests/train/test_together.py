"""Two processes that train one network hold the weights that one process would have."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch
from torch import nn

from ablab.data.sources.phantom import phantom
from ablab.errors import InputError, RecipeError
from ablab.recipe import Recipe
from ablab.train.check import check
from ablab.train.device import choose_hardware, usual_threads
from ablab.train.joint_norm import joined
from ablab.train.together import ALONE, Team
from ablab.train.torchrun import threads_each

SCRIPT = Path(__file__).parent / "two_processes.py"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture(scope="module")
def found():
    done = subprocess.run(
        [*TORCHRUN, str(SCRIPT)], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
def test_steps_of_two_processes_move_every_weight_and_statistic_as_those_of_one_do(found):
    assert len(found["cases"]) >= 12
    assert {name: gap for name, gap in found["cases"].items() if not gap <= 1e-6} == {}


@pytest.mark.long
def test_the_joint_norm_is_right_where_the_mean_is_far_from_zero(found):
    assert found["far from zero"] < 0.01  # E[x^2] - E[x]^2 in single precision has a variance of 0, or of 8


@pytest.mark.long
def test_weights_that_came_apart_are_an_error_and_equal_ones_are_none(found):
    assert found["told"].startswith("after epoch 1 the 2 processes hold different weights")


@pytest.mark.long
def test_all_processes_know_what_the_first_one_knows_and_see_what_the_others_saw(found):
    assert found["carried"] == [2, 2, 2]
    assert found["longest"] == 1.0


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_every_image_of_a_batch_is_some_process_own_and_counts_once(size):
    for images in range(1, 40):
        parts = [Team(rank, size).part(images) for rank in range(size)]
        counting = [part for part in parts if part.counts]
        assert [at for part in counting for at in range(part.start, part.stop)] == list(range(images))
        assert sum(part.share for part in parts) == pytest.approx(1)
        assert all(part.stop - part.start >= min(2, images) for part in parts)


def test_parts_of_a_part_share_its_share():
    part = Team(1, 2).part(20)
    inner = [part.within(0, 4), part.within(4, 10)]
    assert [(one.start, one.stop, one.whole) for one in inner] == [(10, 14, 20), (14, 20, 20)]
    assert [one.share for one in inner] == pytest.approx([0.2, 0.3])


def test_a_team_of_one_takes_everything_and_sends_nothing():
    values = torch.arange(3.0)
    assert ALONE.sum(values) is values
    assert ALONE.whole(values, 3) is values
    assert ALONE.of(5) == slice(0, 5)
    assert ALONE.of_first(b"x") == b"x"


def test_a_joint_norm_has_the_names_and_tensors_of_the_norm_and_measures_as_it_does():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = dict(net.named_parameters()) | dict(net.named_buffers())
    images = torch.randn(5, 3, 6, 6)
    plain = net.eval()(images)
    joint = joined(net, Team(0, 2))
    after = dict(joint.named_parameters()) | dict(joint.named_buffers())
    assert all(after[name] is one for name, one in before.items())
    assert list(joint.state_dict()) == list(before)
    assert joint.eval()(images).equal(plain)


def test_a_batch_too_small_for_its_processes_and_a_split_of_a_joint_norm_are_faults():
    data = phantom(train=60, test=20)
    with pytest.raises(RecipeError, match=r"batch = 6: 4 processes need 2 images each: try batch=8 or more"):
        check(Recipe.of({"batch": 6}), data, Team(0, 4))
    with pytest.raises(RecipeError, match=r"batch_split = 2: sync_norm needs the whole batch at once"):
        check(Recipe.of({"batch": 20, "sync_norm": True, "batch_split": 2}), data, Team(0, 2))
    check(Recipe.of({"batch": 6}), data)


def test_each_process_takes_a_card_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for text in ("auto", "cuda"):
        assert choose_hardware("fp32", device=text, card=1).device == torch.device("cuda", 1)
    assert choose_hardware("fp32", device="cpu", card=3).device == torch.device("cpu")
    with pytest.raises(InputError, match=r"write --nproc-per-node 2, or train on the CPU with device=cpu"):
        choose_hardware("fp32", card=2)
    with pytest.raises(InputError, match=r'"cuda:0": each process takes a separate GPU: write device=cuda'):
        choose_hardware("fp32", device="cuda:0", card=1)


def test_processes_share_the_cores_unless_a_person_says_how_many_threads_each_has(monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(6), raising=False)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_each() == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "64")
    assert threads_each() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert threads_each() == usual_threads()


def test_processes_do_not_meet_on_the_graphics_of_a_mac(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_hardware("fp32", card=0).device == torch.device("cpu")
    with pytest.raises(InputError, match=r"this machine has no such device; it has cpu"):
        choose_hardware("fp32", device="mps", card=0)

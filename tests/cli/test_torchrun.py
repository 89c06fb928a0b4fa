"""`torchrun -m ablab train`: one run by two processes, as a person starts it."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.cli.train import command as train
from ablab.store import Store
from ablab.verify import tolerance

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ablab"]
SMALL = ["simple-nn", "data=phantom(train=603, test=200)", "batch=50", "precision=fp32", "threads=1"]
LONG_AGO = 120  # seconds after which a process that should have ended is taken to hang


def started(*words, tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ABLAB_CACHE": str(tmp_path / "cache")}
    return subprocess.Popen(
        [*TORCHRUN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def trained(store):
    (run,) = Store(store, create=False).runs()
    return run


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ["norm=group", "dropout=0.2", "augment=crop(4) + flip + mixup", "average=ema(decay=0.9)", "tta=flip"],
        ["norm=batch", "sync_norm=true", "class_weights=balanced", "clip=0.5", "optimizer=adamw", "lr=1e-3"],
    ],
)
def test_epochs_of_two_processes_end_where_those_of_one_do(words, tmp_path):
    words = [*SMALL, "epochs=3", *words]
    process = started("train", *words, "--store", str(tmp_path / "two"), "--json", tmp_path=tmp_path)
    out, _ = process.communicate(timeout=2 * LONG_AGO)
    assert process.returncode == 0
    assert sum(json.loads(line)["event"] == "run" for line in out.splitlines()) == 1
    CliRunner().invoke(train, [*words, "--store", str(tmp_path / "one")], catch_exceptions=False)
    two, one = trained(tmp_path / "two"), trained(tmp_path / "one")
    assert (two.id, two.machine.processes, one.machine.processes) == (one.id, 2, 1)
    for ours, theirs in zip(two.curve, one.curve, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, abs=2e-3)
        assert ours.val_loss == pytest.approx(theirs.val_loss, abs=2e-3)
        assert ours.examples == theirs.examples
    assert abs(two.test.accuracy - one.test.accuracy) <= tolerance(two.test.accuracy, one.test.accuracy, 200)
    assert len(two.predictions) == len(one.predictions) == 200
    assert two.confusions.keys() == one.confusions.keys()


def stopped(victim, words, tmp_path):
    """What a run says for itself that is hit by a signal once it has a checkpoint; its exit code."""
    process = started(*words, tmp_path=tmp_path)
    checkpoints = tmp_path / "store" / "checkpoints"
    for line in process.stdout:
        if line.strip()[:2].isdigit() and any(checkpoints.glob("*.checkpoint")):
            break
    pids = {int(one.environ()["RANK"]): one.pid for one in psutil.Process(process.pid).children()}
    if victim == "torchrun":
        process.terminate()
    else:
        os.kill(pids[victim], signal.SIGKILL)
    _, errors = process.communicate(timeout=LONG_AGO)
    assert not any(map(psutil.pid_exists, pids.values()))
    return process.returncode, errors


@pytest.mark.long
@pytest.mark.faults
@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_process_ends_the_other_with_one_sentence_and_one_process_alone_can_go_on(victim, tmp_path):
    words = [*SMALL, "data=phantom(train=300, test=60)", "epochs=100", "--store", str(tmp_path / "store")]
    words.remove("data=phantom(train=603, test=200)")
    code, errors = stopped(victim, ["train", *words], tmp_path)
    assert code != 0
    assert len([line for line in errors.splitlines() if line.startswith(("error: ", "stopped. "))]) == 1
    out = CliRunner().invoke(train, words, catch_exceptions=False).output
    assert "it began with processes = 2, now 1: the last bits may differ" in out
    run = trained(tmp_path / "store")
    assert run.status == "finished"
    assert [row.epoch for row in run.curve] == list(range(1, 101))
    assert (run.machine.processes, run.machine.resumed) == (1, ("processes = 2, then 1",))


@pytest.mark.long
@pytest.mark.faults
def test_torchrun_that_is_told_to_end_ends_all_with_one_sentence_and_the_command_that_goes_on(tmp_path):
    words = ["train", *SMALL, "epochs=1000", "--store", str(tmp_path / "store")]
    _, errors = stopped("torchrun", words, tmp_path)
    assert errors.count("stopped; finished work is kept. To continue, run the same command:") == 1
    assert "next: torchrun --nproc-per-node 2 -m ablab train simple-nn" in errors


def test_other_commands_refuse_to_be_started_several_times(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("WORLD_SIZE", "2")
    refused = CliRunner().invoke(command, ["recipe"])
    assert refused.exit_code == 2
    assert "torchrun starts processes that train one run together: ablab train" in refused.output
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert CliRunner().invoke(command, ["recipe"]).exit_code == 0

"""Training that is killed at random instants, and started again, ends as one that was never killed: to the last bit.

A process that has torch imported makes a child for every trial, so that a trial takes a second and not five.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

TRIALS = min(100, int(os.environ.get("ABLAB_FAULTS_N", "5")))
WORDS = ["train", "simple-nn", "data=phantom(train=400, test=60)", "epochs=6", "batch=50", "norm=batch", "threads=1"]
WORDS += ["augment=crop(2) + flip", "average=ema(decay=0.9)", "--seed", "3", "--json"]

NURSERY = """
import json, os, pathlib, random, signal, sys, time
import ablab.conduct, ablab.execute.checkpoints, ablab.report.terminal.live, ablab.train.check, ablab.cli.train
import ablab.store.store
from ablab.cli import main
ablab.execute.checkpoints.PAUSE, ablab.execute.checkpoints.PACKING = 0.0, float("inf")
folder, trials, words = pathlib.Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])

def start(store):
    pid = os.fork()
    if pid:
        return pid
    out = os.open(folder / f"{store}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    sys.argv = ["ablab", *words, "--store", str(folder / store)]
    main()

def ended(store):
    code = os.waitstatus_to_exitcode(os.waitpid(start(store), 0)[1])
    last = json.loads((folder / f"{store}.out").read_text().splitlines()[-1]) if code == 0 else {}
    for row in last.get("curve", ()):
        row.pop("seconds")
    weights = [path.read_text()[:64] for path in (folder / store / "weights").glob("*.sha256")]
    left = len(list((folder / store / "checkpoints").glob("*.checkpoint")))
    return [code, {key: last.get(key) for key in ("id", "test", "selected_epoch", "curve")}, weights, left]

begun = time.monotonic()
whole = ended("whole")
took = time.monotonic() - begun
draw = random.Random(7)
found = []
for trial in range(trials):
    kills = draw.randint(1, 3)
    epochs = []
    for _ in range(kills):
        pid = start(f"trial{trial}")
        time.sleep(draw.uniform(0.0, took))
        os.kill(pid, draw.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        os.waitpid(pid, 0)
        out = folder / f"trial{trial}.out"
        epochs.append(out.read_text().count('"event": "epoch"') if out.exists() else 0)
    found.append([ended(f"trial{trial}"), epochs])
print(json.dumps([whole, found]))
"""


@pytest.mark.long
@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_killed_at_random_instants_and_started_again_it_ends_with_the_same_weights_curve_and_figure(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", NURSERY, str(tmp_path), str(TRIALS), json.dumps(WORDS)],
        capture_output=True,
        text=True,
        env={**os.environ, "ABLAB_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    whole, found = json.loads(done.stdout.splitlines()[-1])
    assert whole[0] == 0
    assert len(whole[2]) == 1
    assert len(found) == TRIALS
    for result, _ in found:
        assert result == whole
    within = [count for _, counts in found for count in counts if 0 < count < 6]
    assert within, "no kill fell between the first and the last epoch, so nothing was tested"


LONG = """
import sys
sys.argv = ["ablab", "train", "simple-nn", "data=phantom(train=2000, test=60)", "epochs=500", "--seed", "3"]
from ablab.cli import main
main()
"""


def begun_training(tmp_path):
    """A training that goes on for long, after its third epoch, and what it has said so far."""
    process = subprocess.Popen(
        [sys.executable, "-c", LONG],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ABLAB_CACHE": str(tmp_path / "cache"), "ABLAB_STORE": str(tmp_path / "store")},
    )
    for line in process.stdout:
        if re.match(r"    3 ", line):
            return process
    raise AssertionError(process.stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_stopped_once_it_keeps_the_last_epoch_and_says_how_to_go_on(kind, code, tmp_path):
    process = begun_training(tmp_path)
    begun = time.monotonic()
    process.send_signal(kind)
    said = process.communicate(timeout=30)
    assert time.monotonic() - begun < 10  # a limit for a hang, not a figure
    assert process.returncode == code
    assert "next: ablab train simple-nn 'data=phantom(train=2000, test=60)' epochs=500 --seed 3" in said[1]
    assert "Traceback" not in said[1]
    assert len(list((tmp_path / "store" / "checkpoints").glob("*.checkpoint"))) == 1
    again = subprocess.Popen(
        [sys.executable, "-c", LONG],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ABLAB_CACHE": str(tmp_path / "cache"), "ABLAB_STORE": str(tmp_path / "store")},
    )
    note = next(line for line in again.stdout if line.startswith("note: continues"))
    again.kill()
    again.communicate()
    assert int(re.search(r"after epoch (\d+)", note)[1]) >= 3


@pytest.mark.long
def test_stopped_twice_it_is_gone_at_once(tmp_path):
    process = begun_training(tmp_path)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)


@pytest.mark.long
def test_a_disk_without_room_for_a_checkpoint_ends_the_run_with_the_file_and_the_bytes(tmp_path):
    """The files of a process may grow to 400 kB: enough for the store, not for a checkpoint of 1 MB."""
    limited = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "from ablab.execute import checkpoints\n"
        "checkpoints.PAUSE, checkpoints.PACKING = 0.0, 1e9\n"
    )
    environment = {**os.environ, "ABLAB_CACHE": str(tmp_path / "cache"), "ABLAB_STORE": str(tmp_path / "store")}
    prepared = subprocess.run(
        [sys.executable, "-c", "from ablab import load_dataset; load_dataset('phantom(train=2000, test=60)')"],
        env=environment,
    )
    assert prepared.returncode == 0
    done = subprocess.run([sys.executable, "-c", limited + LONG], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert re.search(r"error: .*checkpoints/\w+\.checkpoint: no room .*: [\d,]+ bytes are needed", done.stderr)
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "store" / "checkpoints").iterdir())

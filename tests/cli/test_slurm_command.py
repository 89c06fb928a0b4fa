"""ablab slurm: its scripts as bash runs them, with a queue that only takes notes."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.execute.slurm import Allocation, array_script, job_name
from ablab.store import Store
from small_study import small_study

SOURCE = Path(__file__).parents[2] / "src"
STUDY = small_study(model="mlp", epochs=40, threads=1)


def printed(*words):
    result = CliRunner().invoke(command, ["slurm", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_time_limit_and_the_resources_are_in_the_words_of_slurm():
    lines = Allocation(4, 8, 2, 5400.0, "gpu").lines()
    assert {"#SBATCH --time=01:30:00", "#SBATCH --cpus-per-task=8", "#SBATCH --gpus-per-node=2"} <= set(lines)
    assert "#SBATCH --partition=gpu" in lines


def test_a_name_that_no_queue_would_take_is_spelled_in_one_that_it_does():
    assert job_name("my study; rm -rf /") == "ablab-my-study-rm-rf"


def test_names_of_folders_cannot_end_the_command(tmp_path):
    folder = "/a b/$(touch x)'; exit 3"
    script = array_script("norm", ["ablab", "run", "it's.toml"], folder, Allocation(1, 1, 0, 60.0), ["ablab", "work"])
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    (assignment,) = [line for line in script.splitlines() if line.startswith("folder=")]
    said = subprocess.run(["bash", "-c", f'{assignment}; printf %s "$folder"'], capture_output=True, text=True)
    assert said.stdout == folder


@pytest.mark.parametrize("options", [[], ["--ray"]])
def test_a_script_is_whole_in_the_eyes_of_bash(options):
    script = printed("quickstart", "--nodes", "4", "--cpus", "2", "--gpus", "1", *options)
    assert script.startswith("#!/bin/bash\n#SBATCH")
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    assert json.loads(printed("quickstart", "--nodes", "4", "--cpus", "2", "--gpus", "1", *options, "--json")) == {
        "script": script
    }


def test_ray_with_a_folder_is_refused():
    result = CliRunner().invoke(command, ["slurm", "quickstart", "--nodes", "2", "--ray", "--folder", "x"])
    assert "leave out --folder" in str(result.exception)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_task_that_is_preempted_keeps_its_epochs_goes_back_into_the_queue_and_ends_the_study_there(tmp_path):
    (tmp_path / "norm.toml").write_text(STUDY)
    script = tmp_path / "norm.sbatch"
    script.write_text(printed(str(tmp_path / "norm.toml"), "--nodes", "1", "--folder", str(tmp_path / "runs")))
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    programs = {"scontrol": 'echo "$@" >> queue', "ablab": f'exec {sys.executable} -m ablab "$@"'}
    for name, text in programs.items():
        (bin_ / name).write_text(f"#!/bin/bash\n{text}\n")
        (bin_ / name).chmod(0o755)
    slurm = {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_JOB_ID": "17", "SLURM_CPUS_PER_TASK": "1"}
    env = {**os.environ, **slurm, "PYTHONPATH": str(SOURCE), "PATH": f"{bin_}:{os.environ['PATH']}"}
    first = subprocess.Popen(["bash", script], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if re.match(r" +3 .* %", line):  # the worker's third epoch
            first.send_signal(signal.SIGTERM)
            break
    rest = first.communicate()[0]
    assert first.returncode == 143, rest
    assert (tmp_path / "queue").read_text() == "requeue 17_0\n"
    assert list((tmp_path / "runs" / "checkpoints").glob("*.checkpoint"))
    second = subprocess.run(["bash", script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "continues after epoch" in second.stdout
    assert len(Store(tmp_path / ".ablab").ids()) == 6
    assert (tmp_path / "queue").read_text() == "requeue 17_0\n"

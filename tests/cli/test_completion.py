"""Completion in a shell: commands, recipe keys and values, networks, data sets, studies, runs."""

import os
import shutil
import subprocess
import sys

import pytest

from ablab.recipe import Recipe
from ablab.store import Store
from sample_runs import sample_run


def completed(line, cwd):
    """What bash gets for a line whose last word is not complete."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "ablab"],
        cwd=cwd,
        env={**os.environ, "_ABLAB_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [text.partition(",")[2] for text in done.stdout.split()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ablab tra", ["train"]),
        ("ablab train simple", ["simple-nn"]),
        ("ablab train norm", []),
        ("ablab train simple-nn norm", ["norm=", "norm_at=", "norm_momentum=", "norm_eps="]),
        ("ablab train simple-nn norm=b", ["norm=batch"]),
        ("ablab train simple-nn dat", ["data=", "data_fraction="]),
        ("ablab train data=cifar", ["data=cifar10", "data=cifar100", "data=cifar10_1"]),
        ("ablab train select=l", ["select=last"]),
        ("ablab train optimizer=mu", ["optimizer=muon"]),
        ("ablab train nothing=x", []),
        ("ablab run quick", ["quickstart"]),
        ("ablab run own", ["own.toml"]),
        ("ablab run --sca", ["--scale"]),
        ("ablab runs show x", []),
    ],
)
def test_a_word_that_has_begun_is_completed(line, words, tmp_path):
    (tmp_path / "own.toml").touch()
    assert completed(line, tmp_path) == words


def test_runs_of_the_store_are_completed_by_their_ids(tmp_path):
    run = sample_run(0, 0.5, Recipe())
    Store(tmp_path / ".ablab", create=True).add(run)
    assert completed(f"ablab runs show {run.id[:3]}", tmp_path) == [run.id]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_takes_the_script_and_completes_a_value_behind_an_equals_sign(tmp_path):
    place = tmp_path / "bin"
    place.mkdir()
    (place / "ablab").write_text(f'#!/bin/sh\nexec {sys.executable} -m ablab "$@"\n')
    (place / "ablab").chmod(0o755)
    asked = (
        'eval "$(ablab completion bash)"; COMP_WORDS=(ablab train simple-nn norm=ba); COMP_CWORD=3; '
        '_ablab_completion ablab; echo "${COMPREPLY[@]}"; [[ $COMP_WORDBREAKS != *=* ]] && echo whole'
    )
    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{place}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["norm=batch", "whole"], done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_of_its_own(shell, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ablab", "completion", shell], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert f"_ABLAB_COMPLETE={shell}_complete" in done.stdout
    assert done.returncode == 0

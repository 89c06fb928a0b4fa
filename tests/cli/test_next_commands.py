"""What a command suggests next works when it is pasted, in the store that was named."""

import re
import shlex

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.store import Store
from sample_runs import sample_run


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store that is not the usual one, with two runs, and a working folder without any."""
    monkeypatch.chdir(tmp_path)
    kept = Store(tmp_path / "my store")
    for seed in range(2):
        kept.add(sample_run(seed, 0.5 + seed / 100))
    return kept


def suggested(*words):
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 0, done.output
    return re.search(r"^next: (.*)$", done.output, flags=re.MULTILINE)[1]


@pytest.mark.parametrize(
    "words", [["ls"], ["show", "RUN"], ["diff", "RUN", "OTHER"], ["tag", "RUN", "--add", "good"], ["verify"]]
)
def test_commands_about_runs_repeat_the_store(store, words):
    first, other = store.ids()
    words = [{"RUN": first, "OTHER": other}.get(word, word) for word in words]
    following = suggested("runs", *words, "--store", str(store.folder))
    assert shlex.split(following)[-2:] == ["--store", str(store.folder)]
    done = CliRunner().invoke(command, shlex.split(following)[1:])
    assert done.exit_code == 0, done.output


def test_a_training_repeats_the_store(store):
    words = ["mlp", "data=phantom(train=200,test=60)", "epochs=1", "batch=50", "--store", str(store.folder)]
    done = CliRunner().invoke(command, ["train", *words])
    assert done.exit_code == 0, done.output
    following = re.search(r"^next: (.*)$", done.output, flags=re.MULTILINE)[1]
    assert CliRunner().invoke(command, shlex.split(following)[1:]).exit_code == 0


def test_without_a_store_none_is_said(store, monkeypatch):
    monkeypatch.setenv("ABLAB_STORE", str(store.folder))
    assert "--store" not in suggested("runs", "ls")

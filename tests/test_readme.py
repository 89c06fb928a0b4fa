"""The README keeps its word: each way to ask a question works. Its tour is tried from the wheel: test_package."""

import re
import shlex
from pathlib import Path

import pytest

import ablab
from ablab.study import Study

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
WORDS = "helps|hurts|no practical difference|undecided"


def block(kind: str, part: str = TEXT) -> str:
    """The first block of a kind, such as `sh`."""
    return re.findall(rf"```{kind}\n(.*?)```", part, re.DOTALL)[0]


def test_three_lines_are_a_study():
    text = block("toml")
    assert len(text.splitlines()) == 3
    study = Study.from_toml(text)
    assert study.base.data == "cifar10"
    assert [variant.change for variant in study.variants] == ["norm=batch"]


@pytest.mark.slow
def test_one_line_of_python_is_a_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = block("python")
    assert line.count("\n") == 1
    small = "data=phantom(train=60,test=40) train_images=40 batch=20 epochs=1"
    shrunk = line.replace("data=cifar10 epochs=30", small).replace(", batch_norm", ", seeds='3', batch_norm")
    assert shrunk.count("phantom") == 1
    sentence = eval(shrunk, {"ablab": ablab})
    assert re.search(WORDS, sentence)


def test_the_study_of_a_script_begins_with_the_command_that_is_shown(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from ablab.cli import command

    monkeypatch.chdir(tmp_path)
    (line,) = [line for line in TEXT.splitlines() if line.startswith("ablab init")]
    done = CliRunner().invoke(command, shlex.split(line, comments=True)[1:])
    assert done.exit_code == 0, done.output
    assert 'command = "python train.py --seed {seed} {args}"' in re.sub(" +", " ", (tmp_path / "mine.toml").read_text())


def test_the_readme_is_short():
    assert len(TEXT.splitlines()) <= 125

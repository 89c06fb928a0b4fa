"""The README keeps its word: its tour prints what it shows but for figures, and each way to ask a question works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import ablab
from ablab.study import Study

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
WORDS = "helps|hurts|no practical difference|undecided"


def block(kind: str, part: str = TEXT) -> str:
    """The first block of a kind, such as `sh`."""
    return re.findall(rf"```{kind}\n(.*?)```", part, re.DOTALL)[0]


def shape(line: str) -> str:
    """A line without what differs between machines: figures, the words of verdicts, rules and spaces."""
    return re.sub(rf"[\d.]+|{WORDS}|[─+-]|\s+", " ", line).split("%")[0].strip()


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_commands_of_the_tour_print_what_the_tour_shows(tmp_path):
    tour = TEXT.partition("<!-- tour -->")[2].partition("<!-- /tour -->")[0]
    printed = []
    for line in block("sh", tour).splitlines():
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(line, comments=True)],
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "ABLAB_STORE": str(tmp_path / "store")},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        printed += [done.stdout]
    demo, sentences, report = printed
    head, _, *rows = block("text", tour).partition("\n\n")[0].splitlines()
    lines = demo.splitlines()
    table = lines[list(map(shape, lines)).index(shape(head)) :]  # lines about single runs come before it
    for row in rows:
        name = row.split("  ")[0]
        (same,) = [line for line in table if re.match(rf"{re.escape(name)}  ", line)]
        assert same.split("  ")[0] == name
        assert name == "base" or re.search(rf"({WORDS})\s*$", same)
    assert re.search(rf"^crop \+ flip:? ({WORDS})|^crop \+ flip makes no", demo, re.MULTILINE)
    for line in ("report: reports/quickstart.html", "next: ablab report quickstart --open"):
        assert line in block("text", tour)
        assert line in demo
    assert "percentage points" in sentences
    assert "report: reports/quickstart.html" in report
    assert (tmp_path / "reports" / "quickstart.html").read_text("utf-8").startswith("<!doctype html>")


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

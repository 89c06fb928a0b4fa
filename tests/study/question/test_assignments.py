"""The course: assignments that are whole, copies that name themselves, and solutions that run."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from ablab.study import Study
from ablab.study.question.assignments import assignments, begin_assignment
from ablab.study.question.files import course_folder

NAMES = (
    "shapes",
    "overfitting",
    "augmentation",
    "batch-norm",
    "learning-rate",
    "depth",
    "dropout",
    "fair-comparison",
)


def cells(path: Path) -> list[str]:
    """The code of a notebook."""
    book = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]


def shrunk(text: str) -> str:
    """The same study on tiny data."""
    text = text.replace('"phantom"', '"phantom(train=300, test=60)"')
    text = re.sub(r"train_images ?= ?(\d+)", lambda found: f"train_images={int(found[1]) // 30}", text)
    text = re.sub(r"batch = \d+\n", "", text)
    text = re.sub(r"epochs = \d+", "batch = 20\nepochs = 1", text, count=1)
    return re.sub(r'seeds = "3\.\.\d"', "seeds = 3", text)


def test_there_are_eight_in_the_order_of_their_numbers():
    assert assignments() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_assignment_is_a_study_at_two_sizes_with_a_worksheet_that_names_it(name):
    text = (course_folder() / f"{name}.toml").read_bytes()
    small, full = (Study.from_toml(text, f"{name}.toml", scale) for scale in ("default", "full"))
    assert (small.base.data, full.base.data) == ("phantom", "cifar10")
    worksheet = (course_folder() / f"{name}.md").read_text(encoding="utf-8")
    for part in ("## Steps", "## Questions", "## Hints", f"ablab run {name}.toml"):
        assert part in worksheet
    assert len(re.findall(r"^\d\. ", worksheet, re.MULTILINE)) == 5


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_answers_every_question_and_has_no_output_of_some_machine(name):
    book = json.loads((course_folder() / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], len({cell["id"] for cell in book["cells"]})) == (4, len(book["cells"]))
    assert not [cell for cell in book["cells"] if cell.get("outputs") or cell.get("execution_count")]
    prose = " ".join("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown")
    answered = {
        number for found in re.findall(r"\(questions? ([\d and]+)\)", prose) for number in re.findall(r"\d", found)
    }
    assert answered == set("12345")
    for code in cells(course_folder() / f"{name}.ipynb"):
        ast.parse(code)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_solution_runs_from_a_copy_with_another_name(name, tmp_path):
    study, _, notebook = begin_assignment(tmp_path / "mine", name, with_solution=True)
    study.write_text(shrunk(study.read_text(encoding="utf-8")), "utf-8")
    code = shrunk("\n".join(cells(notebook)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "ABLAB_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"helps|hurts|no practical difference|undecided|pairs", done.stdout)


def test_a_copy_has_a_name_of_its_own_and_leaves_other_files_alone(tmp_path):
    study, worksheet = begin_assignment(tmp_path / "homework", "dropout")
    assert (study.name, worksheet.name) == ("homework.toml", "homework.md")
    assert "ablab run homework.toml" in worksheet.read_text(encoding="utf-8")
    assert "dropout.toml" not in worksheet.read_text(encoding="utf-8")
    assert begin_assignment(tmp_path / "homework", "dropout") == (study, worksheet)
    worksheet.write_text("my answers")
    with pytest.raises(InputError, match="already has other content"):
        begin_assignment(tmp_path / "homework", "dropout")
    assert worksheet.read_text() == "my answers"


def test_an_assignment_that_is_not_there_gets_the_nearest(tmp_path):
    with pytest.raises(InputError, match='did you mean "dropout"'):
        begin_assignment(tmp_path / "x", "drop-out")


def test_the_command_copies_an_assignment_with_its_solution_and_takes_no_network_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, ["init", "homework", "--course", "depth", "--solution"])
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == "next: ablab plan homework.toml"
    assert {path.name for path in tmp_path.iterdir()} == {"homework.toml", "homework.md", "homework.ipynb"}
    for words in (["--model", "vgg6"], ["--data", "cifar10"], ["--command", "python x.py"]):
        assert CliRunner().invoke(command, ["init", "x", "--course", "depth", *words]).exit_code == 2
    assert CliRunner().invoke(command, ["init", "x", "--solution"]).exit_code == 2

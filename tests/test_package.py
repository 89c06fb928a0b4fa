"""What is built is whole: installed into an empty environment, it answers questions far from the source."""

import os
import re
import shlex
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from test_readme import TEXT as README
from test_readme import WORDS, block

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.long


def run(*words, cwd, **environment):
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "ABLAB_STORE")}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and a source archive, built without a network."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", out, cwd=ROOT)
    return out


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The programs of an environment with the wheel; what it depends on is taken from the one that runs the tests."""
    place = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", place, cwd=place)
    (packages,) = place.glob("lib/python*/site-packages")
    here = Path(pytest.__file__).parents[1]
    (packages / "dependencies.pth").write_text(f"{here}\n")
    (wheel,) = built.glob("*.whl")
    python = place / "bin" / "python"
    pip = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    run(sys.executable, *pip, cwd=place)
    return place / "bin"


def test_the_source_archive_has_what_the_wheel_is_built_from(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/ablab/version.py", "studies/quickstart.toml"} <= names


def test_the_source_archive_builds_the_same_wheel_to_the_last_byte(built, tmp_path):
    (archive,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for path in source.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    run(sys.executable, "-m", "hatchling", "build", "-d", tmp_path / "again", cwd=source, TZ="Asia/Tokyo")
    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_wheel_has_the_studies_and_says_what_it_is(built):
    (wheel,) = built.glob("ablab_experiments-*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        (metadata,) = [content.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    assert "ablab/studies/quickstart.toml" in names
    assert "ablab/studies/published/reports/b.toml" in names
    assert "Name: ablab-experiments" in metadata
    assert "License-Expression: MIT" in metadata
    assert "Classifier: Intended Audience :: Science/Research" in metadata
    assert not [name for name in names if name.startswith(("tests", "docs"))]


def test_from_an_empty_folder_the_shipped_studies_run_by_their_names(installed, tmp_path):
    code = "import ablab; print(ablab.__file__, ablab.__version__)"
    where, version = run(installed / "python", "-c", code, cwd=tmp_path).split()
    assert Path(where).is_relative_to(installed.parent)
    ablab = installed / "ablab"
    assert run(ablab, "--version", cwd=tmp_path).split()[-1] == version
    shown = run(ablab, "run", "--published", "E", "--dry-run", cwd=tmp_path)
    assert "extra-layer" in shown


@pytest.mark.timeout(900)
def test_from_an_empty_folder_the_tour_of_the_readme_prints_what_it_shows(installed, tmp_path):
    """But for figures, which differ between machines."""
    tour = README.partition("<!-- tour -->")[2].partition("<!-- /tour -->")[0]
    commands = [shlex.split(line, comments=True)[1:] for line in block("sh", tour).splitlines()]
    demo, sentences, report = (run(installed / "ablab", *words, cwd=tmp_path, NO_COLOR="1") for words in commands)
    head, _, *rows = block("text", tour).partition("\n\n")[0].splitlines()
    lines = demo.splitlines()
    table = lines[list(map(shape, lines)).index(shape(head)) :]  # lines about single runs come before it
    for row in rows:
        name = row.split("  ")[0]
        (same,) = [line for line in table if re.match(rf"{re.escape(name)}  ", line)]
        assert same.split("  ")[0] == name
        assert name == "base" or re.search(rf"({WORDS})\s*$", same)
    assert re.search(rf"^crop \+ flip(?: is)? ({WORDS})|^crop \+ flip makes no", demo, re.MULTILINE)
    for line in ("report: reports/quickstart.html", "next: ablab report quickstart --open"):
        assert line in block("text", tour)
        assert line in demo
    assert "percentage points" in sentences
    assert "report: reports/quickstart.html" in report
    assert (tmp_path / "reports" / "quickstart.html").read_text("utf-8").startswith("<!doctype html>")
    assert "batch norm" in run(installed / "ablab", "table", "quickstart", cwd=tmp_path)


def shape(line: str) -> str:
    """A line without what differs between machines: figures, the words of verdicts, rules and spaces."""
    return re.sub(rf"[\d.]+|{WORDS}|[─+-]|\s+", " ", line).split("%")[0].strip()


def test_a_study_that_was_begun_with_init_is_planned_and_runs(installed, tmp_path):
    out = run(installed / "ablab", "init", "mine", cwd=tmp_path)
    assert out.splitlines()[-1] == "next: ablab plan mine.toml"
    assert "9 to " in run(installed / "ablab", "plan", "mine.toml", cwd=tmp_path)

"""ablab table as a person types it: what it prints can go into a paper as it is."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from commands import ablab
from small_study import small_study

pytestmark = pytest.mark.slow

STUDY = small_study('"slow & 50%" = "lr=0.01"', question="Is slower better?", model="simple-nn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a study that has been carried out, shared by all tests of this file."""
    place = tmp_path_factory.mktemp("study")
    (place / "s.toml").write_text(STUDY)
    from ablab.conduct import run_study
    from ablab.store import Store
    from ablab.study.question.files import read_studies

    (study,) = read_studies(place / "s.toml")
    run_study(study, Store(place / ".ablab"), show=lambda plan: lambda wanted, event: None, workers=1)
    return place


@pytest.fixture(autouse=True)
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_sentences_for_a_paper_come_in_three_forms():
    text = invoke("write", "s.toml")
    assert text.startswith("With slow & 50% (lr=0.01), simple-nn on phantom")
    assert text.splitlines()[-1] == "next: ablab report s.toml"
    assert r"With slow \& 50\% (lr=0.01)" in invoke("write", "s.toml", "--format", "latex")
    said = json.loads(invoke("write", "s.toml", "--json"))
    assert said["results"][0]["statements"]["slow & 50%"] in text
    with pytest.raises(InputError, match="there is no store here"):
        invoke("write", "s.toml", "--store", str(Path("elsewhere")))


def test_text_is_for_people_and_ends_with_what_comes_next():
    lines = invoke("table", "s.toml").splitlines()
    assert lines[0].split()[:3] == ["variant", "change", "base"]
    assert lines[2].startswith("base")
    assert lines[3].startswith("slow & 50%")
    assert lines[-1] == "next: ablab table s.toml --what robust"


@pytest.mark.parametrize("what", ["verdicts", "runs", "classes", "costs", "secondary"])
def test_every_table_is_there_in_every_language(what):
    latex = invoke("table", "s.toml", "--what", what, "--format", "latex")
    assert latex.startswith("% needs \\usepackage{booktabs}\n\\begin{tabular}")
    assert r"slow \& 50\%" in latex
    assert "next:" not in latex
    rows = list(csv.DictReader(io.StringIO(invoke("table", "s.toml", "--what", what, "--format", "csv"))))
    told = json.loads(invoke("table", "s.toml", "--what", what, "--json"))
    assert len(told["tables"][0]["rows"]) == len(rows)
    assert [row["variant"] for row in rows] == [row["variant"] for row in told["tables"][0]["rows"]]
    assert invoke("table", "s.toml", "--what", what, "--format", "markdown").startswith("| ")


def test_what_is_piped_on_has_only_the_table_in_it(folder):
    done = ablab("table", "s.toml", "--format", "csv", cwd=folder)
    assert done.returncode == 0
    assert [row["variant"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["base", "slow & 50%"]
    assert done.stderr == "next: ablab table s.toml --what robust\n"


def test_it_goes_into_a_file(folder):
    assert "table: tables/v.tex" in invoke("table", "s.toml", "--format", "latex", "--out", "tables/v.tex")
    assert (folder / "tables" / "v.tex").read_text() == invoke("table", "s.toml", "--format", "latex")


def test_a_study_that_was_not_run_has_no_table(folder):
    (folder / "other.toml").write_text(STUDY.replace("lr=0.01", "lr=0.02"))
    with pytest.raises(InputError, match="this store has no run of this study yet"):
        invoke("table", "other.toml")
    assert CliRunner().invoke(command, ["table", "s.toml", "--what", "pies"]).exit_code == 2


@pytest.mark.parametrize(
    ("what", "why"),
    [("trials", "only a study with tuned learning rates has one"), ("contrasts", "only a study with a grid has one")],
)
def test_a_table_that_a_study_can_never_have_is_refused_with_the_reason(what, why):
    with pytest.raises(InputError, match=f"s.toml: no table of {what}: {why}"):
        invoke("table", "s.toml", "--what", what)

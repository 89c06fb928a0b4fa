"""ablab search as a person types it."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from ablab.study import Study

TEXT = """question = "Does batch norm help?"
data = "phantom(train=200, test=50)"
epochs = 1
batch = 50
[variants]
"batch norm" = "norm=batch"
[search]
trials = 2
{over}lr = [0.02, 0.2]
[decide]
margin = 90
seeds = 3
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(over=""):
    Path("mine.toml").write_text(TEXT.format(over=over))


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.slow
def test_trials_are_shown_and_the_next_command_compares_the_winners():
    write()
    lines = invoke("search", "mine.toml", "--workers", "1").output.splitlines()
    assert sum(line.startswith(("base 1 of 2", "batch norm 2 of 2")) for line in lines) == 2
    assert lines[-2:] == ["study: mine-searched.toml", "next: ablab run mine-searched.toml"]
    assert "as many trials" not in "\n".join(lines)
    assert any(
        line.startswith(("base: trial 1 was the best of 2, with lr=", "base: trial 2 was the")) for line in lines
    )
    shown = invoke(*shlex.split(lines[-1])[2:], "--workers", "1").output
    assert "base 2 trials, batch norm 2 trials" in " ".join(shown.split())
    known = invoke("search", "mine.toml", "--workers", "1").output
    assert known.count(", known") == 4


@pytest.mark.slow
def test_winners_that_are_no_better_than_guessing_are_a_caution():
    write()
    Path("mine.toml").write_text(TEXT.format(over="").replace("lr = [0.02, 0.2]", "lr = [1e-9, 2e-9]"))
    assert (
        "caution: the best trial of base and of batch norm is no better than guessing"
        in invoke("search", "mine.toml", "--workers", "1").output
    )


@pytest.mark.slow
def test_unequal_trials_are_a_caution_here_and_in_the_report():
    write('over = "base"\n')
    shown = invoke("search", "mine.toml", "--verdict", "--workers", "1", "--exit-code")
    assert "caution: the recipes did not have equally many trials (base 2, batch norm 0)" in shown.output
    assert "Unequal search budgets:" in shown.output
    assert shown.exit_code in (0, 3)
    page = next(Path("reports").glob("mine-searched*.html")).read_text(encoding="utf-8")
    assert "Unequal search budgets" in page


@pytest.mark.slow
def test_every_trial_is_a_line_of_json_and_the_winners_are_the_last():
    write('over = "base"\n')
    *trials, last = map(json.loads, invoke("search", "mine.toml", "--json", "--workers", "1").output.splitlines())
    assert [(trial["recipe"], trial["trial"]) for trial in trials] == [("base", 1), ("base", 2)]
    best = max(trials, key=lambda trial: trial["value"])
    assert last["winners"]["base"]["settings"] == best["settings"]
    assert last["trials"] == {"base": 2, "batch norm": 0}


@pytest.mark.slow
def test_a_file_with_another_study_is_left_alone():
    write('over = "base"\n')
    Path("mine-searched.toml").write_text("mine\n")
    with pytest.raises(InputError, match="this file already has another study; name another one with --out FILE"):
        invoke("search", "mine.toml", "--workers", "1")
    assert Path("mine-searched.toml").read_text() == "mine\n"


def test_what_cannot_be_searched_is_refused_before_anything_is_trained():
    Path("mine.toml").write_text(TEXT.format(over="").partition("[search]")[0])
    with pytest.raises(InputError, match="does not say what to search"):
        invoke("search", "mine.toml")
    Path("two.toml").write_text(TEXT.format(over="").replace('"phantom(train=200, test=50)"', '["digits", "phantom"]'))
    with pytest.raises(InputError, match="a search uses one data set, and this study names 2"):
        invoke("search", "two.toml")
    Path("c.toml").write_text(
        'question = "?"\ncommand = "true {seed} {args}"\n[variants]\na = "-a"\n[decide]\nmargin = 1\n'
    )
    with pytest.raises(InputError, match="ablab search: c.toml is a study of a program"):
        invoke("search", "c.toml")


@pytest.mark.long
def test_the_example_is_searched_and_leads_to_a_study():
    text = (Path(__file__).parents[2] / "examples" / "search.toml").read_text()
    assert text.count("phantom(train=2000, test=500)") == 1
    Path("search.toml").write_text(text.replace("phantom(train=2000, test=500)", "phantom(train=200, test=50)"))
    shown = invoke("search", "search.toml", "--workers", "1").output
    assert shown.splitlines()[-1] == "next: ablab run search-searched.toml"
    assert Study.from_toml(Path("search-searched.toml").read_text(), "search-searched.toml").searched.is_fair

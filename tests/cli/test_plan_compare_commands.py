"""ablab plan, ablab run --dry-run and ablab compare as a person types them."""

import dataclasses
import json

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.study.noise import advice

SMALL = ["simple-nn", "data=phantom(train=300, test=100)", "epochs=1", "batch=50"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def invoke(*words):
    result = CliRunner().invoke(command, [*words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.slow
def test_a_comparison_writes_the_study_that_it_carries_out(tmp_path):
    words = ["compare", *SMALL, "--vs", "lr=0.01", "--seeds", "3", "--workers", "1"]
    shown = invoke(*words)
    (path,) = (tmp_path / "studies").iterdir()
    assert f"study: studies/{path.name}" in shown
    assert "report: reports/" in shown
    assert shown.count("\nbase ") >= 3
    again = invoke("run", f"studies/{path.name}", "--workers", "1")
    assert "seed 0" not in again  # all runs are there
    assert invoke(*words).splitlines()[-2:] == again.splitlines()[-2:]


def test_a_plan_is_shown_before_anything_is_spent_and_again_by_dry_run(tmp_path):
    shown = invoke("compare", *SMALL, "--vs", "lr=0.01", "--study", "s.toml", "--dry-run")
    assert "3..10 seeds each: 6 to 20 runs (0 already trained)" in shown
    assert "<- this study" in shown
    assert shown.splitlines()[-1] == "next: ablab run s.toml"
    assert not (tmp_path / ".ablab").exists()
    plan = json.loads(invoke("plan", "s.toml", "--json"))
    dry = json.loads(invoke("run", "s.toml", "--dry-run", "--json"))
    assert plan["plan"] == dry["plan"]
    assert plan["runs"] == [6, 20]
    assert [reach["seeds"] for reach in plan["reaches"]] == [3, 5, 10, 15, 20, 30]


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_plan_names_the_quieter_way_to_measure_that_the_shipped_figures_support(schedule):
    base = Recipe.of({}).with_(f"epochs=1 batch=50 schedule={schedule}")
    known = advice([base, base.with_("lr=0.01")], steps=6)  # 270 training images, 50 a step
    words = ["compare", *SMALL, f"schedule={schedule}", "--vs", "lr=0.01", "--study", "s.toml", "--dry-run"]
    shown = invoke(*words)
    assert ("less noise: " in shown) == (known is not None)
    assert known is None or f'less noise: "{known.changes}" saved ' in shown
    found = json.loads(invoke("plan", "s.toml", "--json"))["quieter"]
    assert found == (known and json.loads(json.dumps(dataclasses.asdict(known))))


def test_another_study_in_the_file_is_left_alone(tmp_path):
    (tmp_path / "s.toml").write_text("question = 'mine'")
    with pytest.raises(InputError, match=r"s.toml: this file already has another study"):
        invoke("compare", *SMALL, "--vs", "lr=0.01", "--study", "s.toml")
    assert (tmp_path / "s.toml").read_text() == "question = 'mine'"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--vs", "lr=0.05"], "changes nothing"),
        (["--vs", "lr=0.01", "--vs", "lr=0.01"], 'the change "lr=0.01" is given twice'),
        (["--vs", "nrom=batch"], 'unknown recipe key "nrom": did you mean "norm"'),
        (["--vs", "lr=0.01", "--seeds", "5..3"], "the range is backwards"),
        (["--vs", "lr=0.01", "--seeds", "1"], "one seed never gives a verdict"),
        (["--vs", "lr=0.01", "--margin", "0"], "margin = 0"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_nothing_is_written(words, message, tmp_path):
    with pytest.raises(InputError) as error:
        invoke("compare", *SMALL, *words)
    assert message in str(error.value)
    assert not (tmp_path / "studies").exists()


@pytest.mark.slow
def test_a_time_that_is_over_before_the_first_verdict_is_refused_with_one_that_is_enough(tmp_path):
    invoke("compare", *SMALL, "--vs", "lr=0.01", "--study", "s.toml", "--dry-run")
    text = (tmp_path / "s.toml").read_text()
    (tmp_path / "s.toml").write_text(text.replace("[decide]", '[decide]\nbudget = "0.01s"'))
    with pytest.raises(InputError, match=r'the 6 runs before the first verdict take about .*enough is about "1m"'):
        invoke("run", "s.toml", "--workers", "1")
    (tmp_path / "s.toml").write_text(text.replace("[decide]", '[decide]\nbudget = "1h"').replace("3..10", "3..3"))
    assert "seed 2" in invoke("run", "s.toml", "--workers", "1")

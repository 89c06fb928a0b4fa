"""Explanations say why a variant got its word, with the study's own figures, and lead to pages that exist."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from simulated import result, simulate, study

from ablab.cli import command
from ablab.metric import metric_of
from ablab.report.explained import of_plan, of_result, of_word
from ablab.study import plan
from ablab.study.forecast import before

ROOT = Path(__file__).parents[2]
RESULTS = "variant,seed,accuracy\nplain,0,70.1\nplain,1,70.2\nplain,2,69.8\nbn,0,72\nbn,1,72.3\nbn,2,72.1\n"


def explained(**changes):
    it = study()
    _, _, verdicts = simulate(it)
    verdict = replace(verdicts[0], **changes)
    return of_word(verdict, metric_of("accuracy"), verdict.margin).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"word": "helps", "low": 0.4, "high": 3.0},
            "excludes 0, and the variant is better. It includes effects",
        ),
        ({"word": "hurts", "low": -3.0, "high": -1.5}, "excludes 0, and the variant is worse. All of it lies beyond"),
        ({"word": "no practical difference", "low": -0.4, "high": 0.7}, "-0.40 to +0.70 pp, lies inside the margin"),
        (
            {"word": "undecided", "low": -0.4, "high": 2.5},
            "-0.40 to +2.50 pp, includes 0 and reaches beyond",
        ),
        ({"word": "undecided", "low": None, "high": None}, "There is no interval yet"),
    ],
)
def test_a_word_is_explained_by_its_interval_and_the_margin(changes, words):
    assert words in explained(**changes, margin=1.0)


def test_a_result_explains_each_variant_the_interval_the_pairs_the_price_and_the_warnings():
    it = study()
    _, runs, verdicts = simulate(it, breaks=(("wide", 3),))
    told = list(of_result(result(it, runs, verdicts)))
    terms = [one.term for one in told]
    for verdict in verdicts:
        assert f"{verdict.variant}, {verdict.word}" in terms
        assert f"{verdict.variant}, {verdict.cost_ratio:.2f} times the training time" in terms
    (interval,) = [one.text for one in told if one.term == "95 % interval"]
    assert "after every pair from 3 to 5" in interval
    assert "4 comparisons share one error rate of 5 %" in interval
    (warning,) = [one.text for one in told if one.term == "warning, Runs that did not finish"]
    assert "1 diverged" in warning
    assert all((ROOT / "docs" / one.page).is_file() for one in told)


def test_a_plan_explains_its_margin_its_noise_and_what_it_detects():
    planned = plan(study(), "0123456789ab")
    foresight = before(planned, (), test_images=1000, seconds={})
    told = {one.term: one for one in of_plan(planned, foresight)}
    (reach,) = [one for one in foresight.reaches if one.seeds == 5]
    assert f"{reach.points:.2f} pp" in told[f"detects {reach.points:.2f} pp (80 % power)"].text
    assert f"plan {planned.hash}" in told
    assert all((ROOT / "docs" / one.page).is_file() for one in told.values())


def test_explanations_are_printed_where_they_are_asked_for_and_nowhere_else(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(RESULTS)
    plain = CliRunner().invoke(command, ["verdict", str(path)]).output
    asked = CliRunner().invoke(command, ["verdict", str(path), "--explain"]).output
    assert "bn, helps: The interval, " not in plain
    assert "bn, helps: The interval, " in asked
    assert "docs/" not in asked
    assert [line for line in plain.splitlines() if line not in asked.splitlines()] == []
    value = json.loads(CliRunner().invoke(command, ["verdict", str(path), "--explain", "--json"]).output)
    assert value["explanations"][0]["term"] == "bn, helps"

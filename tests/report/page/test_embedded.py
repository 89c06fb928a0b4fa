"""What a page carries inside: nothing leaves its element, and whoever checks a report reads what the runs were."""

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest
from detailed import detailed
from hypothesis import given
from hypothesis import strategies as st
from simulated import result

from ablab import verify
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.report.chart import Axis, Intervals, Whisker
from ablab.report.means import short
from ablab.report.page import page
from ablab.report.page.embedded import MOST_BYTES, figures_json, json_text, run_facts, runs_json
from ablab.study import plan

texts = st.text() | st.sampled_from(["</script>", "<!--", "&amp;", "]]>", "\u2028", "\ud800", "\u202e"])


@given(st.dictionaries(texts, texts | st.integers() | st.none()))
def test_json_in_a_page_is_ascii_without_markup_and_comes_back_as_it_was(value: dict[str, object]) -> None:
    text = str(json_text(value))
    assert text.isascii()
    assert not set(text) & set("<>&")
    assert json.loads(text) == value


def test_numbers_that_are_none_are_empty_and_others_are_short() -> None:
    assert [short(x) for x in (float("nan"), float("inf"), None, 67.123456, 0.0)] == [None, None, None, 67.123, 0.0]


def test_a_run_is_embedded_with_what_makes_it_and_what_came_out() -> None:
    it, runs, _, _ = detailed()
    run = next(run for run in runs if run.spec.recipe.options)
    facts = run_facts(run)
    assert RunSpec(Recipe.of(facts["recipe"]), facts["seed"], facts["fingerprint"]).id == facts["id"] == run.id
    assert run.test
    assert facts["accuracy"] == run.test.accuracy
    assert facts["predictions_sha256"] == hashlib.sha256(run.predictions).hexdigest()
    assert facts["machine"] == dataclasses.asdict(run.machine)
    text, number = runs_json(it, runs, "planhash")
    found = json.loads(text)
    assert (found["study"], found["plan"], found["scale"]) == (it.text, "planhash", "default")
    assert number == len(found["runs"]) == len(runs)
    assert "left_out" not in found


def test_a_report_can_be_read_by_whoever_checks_it(tmp_path: Path) -> None:
    it, runs, verdicts, data = detailed()
    path = tmp_path / "report.html"
    path.write_text(page(result(it, runs, verdicts, data=data)), encoding="utf-8")
    handed_in = verify.read(path)
    assert handed_in.study == it.text
    assert {reported.spec for reported in handed_in.runs} == {run.spec for run in runs}


def test_the_page_names_the_plan_of_its_runs() -> None:
    it, runs, verdicts, data = detailed()
    html = page(result(it, runs, verdicts, data=data))
    found = json.loads(re.search(r'id="ablab-runs">(.*?)</script>', html, re.DOTALL)[1])  # type: ignore[index]
    assert found["plan"] == plan(it, data.fingerprint).hash


def test_too_many_runs_are_cut_and_counted() -> None:
    it, runs, _, _ = detailed()
    many = [dataclasses.replace(runs[0], spec=dataclasses.replace(runs[0].spec, seed=seed)) for seed in range(2000)]
    text, number = runs_json(it, many, "")
    assert len(text) < 1.1 * MOST_BYTES
    assert json.loads(text)["left_out"] == 2000 - number > 0


@pytest.mark.parametrize("name", ["study", "</script><script>x"])
def test_figures_have_columns_and_rows(name: str) -> None:
    effect = Whisker("x\u202e", 1.5, None, 2.0, "helps", 3, "lr=1")
    chart = Intervals(name="effects", title="", axis=Axis("effect"), intervals=(effect,), margin=1.0)
    figures = json.loads(figures_json(name, {"effects": chart}))
    assert figures["name"] == name
    assert figures["figures"]["effects"]["columns"][:3] == ["variant", "change", "verdict"]
    assert figures["figures"]["effects"]["rows"] == [["x\\u202e", "lr=1", "helps", 1.5, None, 2.0, 3, 1.0]]


def test_runs_that_explore_are_no_evidence_and_not_embedded() -> None:
    it, runs, _, _ = detailed()
    explored = [_exploring(run) for run in runs]
    text, number = runs_json(it, explored, "")
    assert (number, json.loads(text)["runs"]) == (0, [])


def _exploring(run: Run) -> Run:
    return dataclasses.replace(run, spec=dataclasses.replace(run.spec, explores=True))


def test_a_study_keeps_its_text(tmp_path: Path) -> None:
    it, runs, verdicts, data = detailed()
    hostile = dataclasses.replace(it, text=it.text + "\n# </script><script>alert(1)</script>\n")
    path = tmp_path / "report.html"
    path.write_text(page(result(hostile, runs, verdicts, data=data)), encoding="utf-8")
    assert verify.read(path).study == hostile.text

"""A report's figures stand beside ours with the interval and the number of runs that ours rest on."""

import dataclasses

import pytest
from detailed import detailed
from scipy import stats
from simulated import result

from ablab.report.beside import beside
from ablab.report.page import page
from ablab.result import arms_of
from ablab.study.question.published import Published

REPORT = Published(
    "Report <B>",
    "5,000 validation images",
    "Batch norm <b>helps</b>.",
    {"base": 66.1, "batch norm": 70.2},
    ("One run of each.",),
    "8 epochs in place of 30.",
    "Other images.",
)


def test_figures_effects_and_intervals_are_those_of_report_and_runs():
    it, runs, verdicts, _ = detailed()
    rows, sheet = beside(REPORT, arms_of(it, runs), verdicts)
    base, norm, *rest = rows
    ours = [100 * run.test.accuracy for run in runs if run.spec.recipe == it.base]
    low, high = stats.t.interval(0.95, len(ours) - 1, sum(ours) / len(ours), stats.sem(ours))
    assert base["interval"] == f"{low:.2f} to {high:.2f}"
    assert (base["theirs"], base["n"], base["their_effect"]) == ("66.10", len(ours), "–")
    assert norm["their_effect"] == "+4.10"
    assert norm["verdict"] == verdicts[0].word
    assert [row["theirs"] for row in rest] == ["–"] * 3
    assert sheet.rows[1][4] == pytest.approx(4.1)


def test_two_runs_have_a_mean_and_no_interval():
    it, runs, verdicts, _ = detailed()
    few = [run for run in runs if run.spec.seed < 2]
    rows, _ = beside(REPORT, arms_of(it, few), verdicts)
    assert rows[0]["n"] == 2
    assert rows[0]["interval"] == "–"


def test_the_page_has_conclusion_faults_and_what_was_shortened_as_text():
    it, runs, verdicts, data = detailed()
    html = page(result(dataclasses.replace(it, published=REPORT), runs, verdicts, data=data))
    for text in ("Report &lt;B&gt;", "Batch norm &lt;b&gt;helps&lt;/b&gt;.", "One run of each.", "Other images."):
        assert text in html
    assert "8 epochs in place of 30." in html
    full = dataclasses.replace(it, published=REPORT, scale="full")
    assert "8 epochs in place of 30." not in page(result(full, runs, verdicts, data=data))
    assert "--scale full" in page(result(full, runs, verdicts, data=data))

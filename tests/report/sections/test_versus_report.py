"""A report's figures stand beside ours with the interval and the number of runs that ours rest on."""

import dataclasses

import pytest
from detailed import detailed
from scipy import stats
from simulated import result

from ablab.report.page import page
from ablab.report.section import table_of
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


def published(runs=None, **changes):
    it, every, verdicts, data = detailed()
    return result(dataclasses.replace(it, published=REPORT, **changes), runs or every, verdicts, data=data)


def test_figures_effects_and_intervals_are_those_of_report_and_runs():
    it, runs, verdicts, _ = detailed()
    table = table_of(published(), "published")
    base, norm, *rest = table.rows
    ours = [100 * run.test.accuracy for run in runs if run.spec.recipe == it.base]
    low, high = stats.t.interval(0.95, len(ours) - 1, sum(ours) / len(ours), stats.sem(ours))
    assert base[3].text == f"{low:.2f} to {high:.2f}"
    assert [base[at].text for at in (1, 4, 5)] == ["66.10", str(len(ours)), "–"]
    assert norm[5].text == "+4.10"
    assert norm[7].text == verdicts[0].word
    assert [row[1].text for row in rest] == ["–"] * 3
    assert table.records[1]["report_effect"] == pytest.approx(4.1)


def test_two_runs_have_a_mean_and_no_interval():
    runs = detailed()[1]
    row = table_of(published([run for run in runs if run.spec.seed < 2]), "published").rows[0]
    assert row[4].text == "2"
    assert row[3].text == "–"


def test_the_page_has_conclusion_faults_and_what_was_shortened_as_text():
    html = page(published())
    for text in ("Report &lt;B&gt;", "Batch norm &lt;b&gt;helps&lt;/b&gt;.", "One run of each.", "Other images."):
        assert text in html
    assert "8 epochs in place of 30." in html
    full = page(published(scale="full"))
    assert "8 epochs in place of 30." not in full
    assert "--scale full" in full

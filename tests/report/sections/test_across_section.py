"""The section over all data sets: a row for each, the mean below them, and nothing for a single data set."""

from simulated import result, simulate, study

from ablab.report.chart import Intervals
from ablab.report.section import Paragraph, sections
from ablab.report.table import Table
from ablab.result import together


def made(shifts):
    """One question on several data sets, with other gains on each."""
    results = []
    for at, shift in enumerate(shifts):
        it = study(text=TEXT).on(DATA[at])
        _, runs, verdicts = simulate(it, gains={"batch norm": 4.0 + shift, "dropout": 0.1})
        results.append(result(it, runs, verdicts))
    return together(results)


DATA = ("phantom", "digits", "cifar10")
TEXT = """question = "Does it help?"
data = ["phantom", "digits", "cifar10"]
model = "simple-nn"
epochs = 4
[variants]
"batch norm" = "norm=batch"
"dropout" = "dropout=0.5"
[decide]
margin = 1.0
seeds = "3..5"
"""


def part(results, at=0):
    return next((one for one in sections(results[at], "page") if one.name == "across"), None)


def test_every_data_set_has_a_row_and_the_mean_stands_below_them():
    shown = part(made((0.0, 0.5, 1.0)))
    charts = [one for one in shown.parts if isinstance(one, Intervals)]
    assert [[row.name for row in chart.intervals] for chart in charts] == [[*DATA, "mean over data sets"]] * 2
    mean = charts[0].intervals[-1]
    assert mean.low < 4.5 < mean.high
    (table,) = [one for one in shown.parts if isinstance(one, Table)]
    assert [row[0].text for row in table.rows] == ["batch norm", "dropout"]
    texts = [one.text for one in shown.parts if isinstance(one, Paragraph)]
    assert sum("x data set" in text for text in texts) == 4


def test_every_report_of_the_question_says_the_same_of_the_mean():
    results = made((0.0, 0.5, 1.0))
    first, last = (
        {
            summary.text
            for summary in part(results, at).parts
            if isinstance(summary, Paragraph) and "over 3" in summary.text
        }
        for at in (0, 2)
    )
    assert {text.split(":")[0] for text in first} == {"batch norm over 3 data sets", "dropout over 3 data sets"}
    assert first == last


def test_a_single_data_set_has_no_such_section():
    assert part(made((0.0,))) is None

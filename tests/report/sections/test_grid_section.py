"""Contrasts of a grid are shown in the unit of the metric that decides."""

import dataclasses

import pytest

from ablab.report.sections.grid import grid
from ablab.report.table import Table
from ablab.result import Result
from ablab.study import Study, decide, plan
from sample_runs import sample_run

TEXT = """question = "Which of them?"
[grid]
norm = ["none", "batch"]
width = [1.0, 2.0]
[decide]
metric = "METRIC"
margin = 0.1
seeds = 3
"""


@pytest.mark.parametrize(
    ("metric", "unit", "effect"),
    [("accuracy", "percentage points of test accuracy", "+4.00"), ("loss", "nats of test loss", "-0.0400")],
)
def test_effects_of_factors_have_the_unit_and_the_digits_of_the_metric(metric, unit, effect):
    study = Study.from_toml(TEXT.replace("METRIC", metric), "study.toml")
    planned = plan(study, "fingerprint")
    runs = []
    for spec in planned.most:
        gain = 0.04 * (spec.recipe.options.get("norm") == "batch")
        run = sample_run(spec.seed, 0.5 + gain + spec.seed / 100, spec=spec)
        runs.append(dataclasses.replace(run, test=dataclasses.replace(run.test, loss=1.5 - gain + spec.seed / 100)))
    (made,) = [
        part for part in grid(Result(study, planned, tuple(runs), decide(planned, runs))) if isinstance(part, Table)
    ]
    norm = next(row for row in made.rows if row[0].text.startswith("norm"))
    assert norm[2].text == effect
    assert unit in made.heads[2].meaning

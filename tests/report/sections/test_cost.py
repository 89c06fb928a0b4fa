"""Costs and means are those of the runs, and seconds of different machines are not put side by side."""

import dataclasses
import math

import pytest
from detailed import detailed
from simulated import result

from ablab.report.draw.svg import figure
from ablab.report.section import table_of
from ablab.report.sections.cost import cost, scatters


def made(changed=lambda runs: runs):
    it, runs, verdicts, data = detailed()
    return result(it, changed(list(runs)), verdicts, data=data)


def test_means_and_costs_are_those_of_the_runs():
    it, runs, _, _ = detailed()
    chart = scatters(made().arms)
    assert [each.heading for each in chart.charts] == ["training, seconds", "MACs per image", "parameters"]
    base = [100 * run.test.accuracy for run in runs if run.spec.recipe == it.base]
    spot = chart.charts[2].spots[0]
    assert (spot.name, spot.x, spot.n) == ("base", 82_030, len(base))
    assert spot.y == pytest.approx(math.fsum(base) / len(base))
    assert spot.low < spot.y < spot.high


def test_seconds_of_different_machines_are_not_put_side_by_side():
    def moved(runs):
        return [dataclasses.replace(runs[0], machine=dataclasses.replace(runs[0].machine, name="bob")), *runs[1:]]

    chart = scatters(made(moved).arms)
    assert [each.name for each in chart.charts] == ["MACs per image", "parameters"]
    assert "Times are omitted" in chart.caption
    assert "cannot be compared" in table_of(made(moved), "costs").caption


def test_one_recipe_alone_has_nothing_to_be_compared_with():
    it = detailed()[0]
    alone = made(lambda runs: [run for run in runs if run.spec.recipe == it.base])
    assert [type(part).__name__ for part in cost(alone)] == ["Table", "Paragraph"]


def test_accuracies_down_to_nothing_have_a_chart():
    def weak(runs):
        tests = (dataclasses.replace(run.test, accuracy=0.2 * (run.spec.seed == 4)) for run in runs)
        return [dataclasses.replace(run, test=test) for run, test in zip(runs, tests, strict=True)]

    chart = scatters(made(weak).arms)
    assert chart.charts[0].spots[0].low == 0
    assert "<svg" in figure(chart)


def test_the_front_is_named_under_its_chart():
    (note, *_) = [each.note for each in scatters(made().arms).charts]
    assert note.startswith("Pareto front: ")
    assert "batch norm" in note


def test_costs_are_set_beside_those_of_the_base():
    rows = {row[0].text: [cell.text for cell in row] for row in table_of(made(), "costs").rows}
    assert rows["wide"][1:3] == ["324,754 (3.96×)", "1,922,832 (2.68×)"]
    assert rows["dropout"][1] == "82,030"
    assert rows["base"][7] == "1"

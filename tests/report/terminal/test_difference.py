"""Two runs side by side on the screen say what they differ in, and what to make of it."""

from ablab.report.runs import difference
from ablab.report.terminal.difference import difference_text
from sample_runs import sample_run


def test_two_runs_stand_side_by_side():
    one, other = sample_run(3, 0.4), sample_run(4, 0.5)
    lines = difference_text(difference(one, other)).splitlines()
    assert lines[0].split() == [one.id, other.id]
    assert lines[2].split() == ["seed", "3", "4"]
    assert ["accuracy", "40.00", "%", "50.00", "%"] in [line.split() for line in lines]
    assert lines[-1].startswith("the recipe is the same")

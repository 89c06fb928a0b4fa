"""A line of blocks fits its room, whatever the values are."""

from ablab.report.sparkline import sparkline


def test_a_long_curve_has_as_many_blocks_as_there_is_room():
    assert len(sparkline(list(range(1000)), 24)) <= 24
    assert sparkline([1.0, 1.0]) == "▁▁"
    assert sparkline([]) == ""

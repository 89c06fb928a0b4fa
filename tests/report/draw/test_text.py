"""Bars of characters are as high as the values."""

from ablab.report.draw.text import bars


def test_the_text_has_the_ends_of_the_scale_and_bars_as_high_as_the_values():
    lines = bars([0.0, 0.5, 1.0], rows=2, low=0.0).splitlines()
    assert lines[0].split() == ["1", "█"]
    assert lines[1].split() == ["0", "██"]
    assert bars([0.3, 0.3])

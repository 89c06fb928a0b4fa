"""Lines of equal value lie where the value is."""

import math

import pytest

from ablab.report.draw.contour import contour, levels
from ablab.report.scale import Scale


def test_the_line_of_a_level_lies_on_the_circle_that_it_is():
    places = [i / 20 - 1 for i in range(41)]
    rows = [[x * x + y * y for x in places] for y in places]
    pieces = list(contour(places, rows, 0.25))
    assert len(pieces) > 40
    assert all(math.hypot(*end) == pytest.approx(0.5, abs=0.002) for piece in pieces for end in piece)
    assert not list(contour(places, rows, 3.0))


def test_levels_are_evenly_spread_in_powers_where_colours_go_by_powers():
    straight, log = levels(Scale(1.0, 100.0, 0, 1)), levels(Scale(1.0, 100.0, 0, 1, is_log=True))
    assert straight == pytest.approx([10 + 9 * at for at in range(10)])
    assert log == pytest.approx([100 ** ((at + 1) / 11) for at in range(10)])

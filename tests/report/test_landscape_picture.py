"""Panels and maps as whole SVG: everything is in them, nothing from outside is markup, lines are where they belong."""

import math
import xml.etree.ElementTree as ET

import pytest

from ablab.report.landscape import Curve, Map, Panel, axis, contour, curves_svg, maps_svg, shades

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing):
    return [one.text for one in ET.fromstring(drawing).iter(f"{SVG}text")]


def test_curves_are_drawn_with_titles_names_and_axes_and_titles_are_escaped():
    panels = [
        Panel("a < b", [Curve([(0, 1.0), (1, 2.0)], "epoch 0", "#111111"), Curve([(0, 3.0), (1, 1.0)], "epoch 1")]),
        Panel("c & d", [Curve([(0, 2.0), (1, 2.0)], "epoch 0", "#111111")]),
    ]
    drawing = curves_svg(panels, title="<script>", x_name="layer", y_name="norm")
    assert {"a < b", "c & d", "<script>", "layer", "norm", "epoch 0", "epoch 1"} <= set(texts(drawing))
    assert len(ET.fromstring(drawing).findall(f"{SVG}polyline")) == 3


def test_a_loss_that_is_not_finite_leaves_a_gap():
    values = [1.0, 2.0, math.inf, 2.0, math.nan, 1.0]
    drawing = curves_svg([Panel("", [Curve(list(enumerate(values)))])], title="", x_name="", y_name="")
    pieces = [one.get("points") for one in ET.fromstring(drawing).findall(f"{SVG}polyline")]
    assert [len(piece.split()) for piece in pieces] == [2, 1, 1]


def test_an_axis_is_in_powers_only_where_values_are_far_apart():
    assert not axis([1.0, 40.0], 0, 100).is_log
    powers = axis([0.02, 40.0], 0, 100)
    assert powers.is_log
    assert powers.marks() == [
        (pytest.approx(0), "0.01"),
        (pytest.approx(25), "0.1"),
        (pytest.approx(50), "1"),
        (pytest.approx(75), "10"),
        (pytest.approx(100), "100"),
    ]
    assert not powers.can_show(0.0)
    assert not axis([-1.0, 1000.0], 0, 1).is_log


@pytest.mark.parametrize("values", [[], [3.0], [0.0], [math.nan], [math.inf, 2.0]])
def test_values_without_extent_have_a_picture_too(values):
    ET.fromstring(curves_svg([Panel("", [Curve([(0, v) for v in values])])], title="", x_name="", y_name=""))


def test_the_line_of_a_level_lies_on_the_circle_that_it_is():
    places = [i / 20 - 1 for i in range(41)]
    rows = [[x * x + y * y for x in places] for y in places]
    pieces = list(contour(places, rows, 0.25))
    assert len(pieces) > 40
    assert all(math.hypot(*end) == pytest.approx(0.5, abs=0.002) for piece in pieces for end in piece)
    assert not list(contour(places, rows, 3.0))


def test_a_map_has_a_cell_for_each_value_and_grey_ones_where_none_is():
    rows = [[1.0, 2.0, 3.0], [4.0, math.nan, 6.0], [7.0, 8.0, math.inf]]
    drawing = maps_svg([Map("one", [-1.0, 0.0, 1.0], rows)] * 2, title="t", unit="loss")
    fills = [one.get("fill") for one in ET.fromstring(drawing).iter(f"{SVG}rect")]
    assert fills.count("#999999") == 4
    assert fills.count("#440154") == 2 + 1  # the lowest in either map, and in the legend
    assert texts(drawing).count("one") == 2


@pytest.mark.parametrize("value", [0.0, 2.0, -1.0, math.nan])
def test_a_flat_map_has_a_picture_too(value):
    ET.fromstring(maps_svg([Map("", [-1.0, 0.0, 1.0], [[value] * 3] * 3)], title="", unit=""))


def test_shades_go_from_light_to_dark():
    made = [sum(int(one[i : i + 2], 16) for i in (1, 3, 5)) for one in shades(5)]
    assert made == sorted(made, reverse=True)
    assert shades(1)

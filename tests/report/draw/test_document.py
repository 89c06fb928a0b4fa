"""A file of its own holds everything: names are text, lines lie where they belong, what is no number leaves a gap."""

import math
import re
import xml.etree.ElementTree as ET

import pytest

from ablab.report.chart import Axis, Line, Lines, Multiples, Surface
from ablab.report.draw.svg import document

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing):
    return [one.text for one in ET.fromstring(drawing).iter(f"{SVG}text")]


def curves(values, *, name="", title="t", heading=""):
    line = Line(name, 1, tuple((float(at), value) for at, value in enumerate(values)))
    return Lines(
        name="key", title=title, heading=heading, x_axis=Axis("layer"), y_axis=Axis("norm"), lines=(line,)
    )  # fmt: skip


def test_panels_have_titles_names_and_axes_and_all_of_them_are_text():
    panels = (curves([1.0, 2.0], name="epoch 0", heading="a < b"), curves([3.0, 1.0], name="epoch 1", heading="c & d"))
    drawing = document(Multiples(name="key", title="<script>", charts=panels))
    assert {"a < b", "c & d", "<script>", "layer", "norm", "epoch 0", "epoch 1"} <= set(texts(drawing))
    assert len(list(ET.fromstring(drawing).iter(f"{SVG}path"))) == 2


def test_a_value_that_is_not_finite_leaves_a_gap():
    root = ET.fromstring(document(curves([1.0, 2.0, math.inf, 2.0, math.nan, 1.0])))
    assert [one.get("d").count("L") for one in root.iter(f"{SVG}path")] == [1]
    assert len(list(root.iter(f"{SVG}circle"))) == 2


def test_a_rate_that_is_suggested_is_pointed_out_on_an_axis_of_powers():
    line = Line("loss", 0, ((0.001, 2.0), (0.01, 1.0), (0.1, 3.0)))
    chart = Lines(
        name="", title="a < b & c", x_axis=Axis("rate", is_log=True), y_axis=Axis("loss"), lines=(line,), marked=0.01
    )
    root = ET.fromstring(document(chart))
    assert {"a < b & c", "0.001", "0.01", "0.1"} <= {one.text for one in root.iter(f"{SVG}text")}
    (mark,) = [one for one in root.iter(f"{SVG}line") if one.get("class") == "marked"]
    (path,) = root.iter(f"{SVG}path")
    assert mark.get("x1") == re.findall(r"L([\d.]+)", path.get("d"))[0]


@pytest.mark.parametrize("values", [[], [3.0], [0.0], [math.nan], [math.inf, 2.0], [0.3, 0.3]])
def test_values_without_extent_have_a_picture_too(values):
    ET.fromstring(document(curves(values)))


def surface(rows):
    places = (-1.0, 0.0, 1.0)
    span = Axis("loss", span=(1.0, 8.0), is_log=True)
    return Surface(
        name="", title="t", heading="one", places=places, values=rows, x_axis=Axis("x"), y_axis=Axis("y"), colour=span
    )


def test_a_surface_has_a_cell_for_each_value_and_grey_ones_where_none_is():
    rows = ((1.0, 2.0, 3.0), (4.0, math.nan, 6.0), (7.0, 8.0, math.inf))
    drawing = document(Multiples(name="", title="t", charts=(surface(rows), surface(rows))))
    fills = [one.get("fill") for one in ET.fromstring(drawing).iter(f"{SVG}rect")]
    assert fills.count("#999999") == 4
    assert fills.count("#440154") == 2 + 2  # the lowest in each surface, and in its legend
    assert texts(drawing).count("one") == 2


@pytest.mark.parametrize("value", [0.0, 2.0, -1.0, math.nan])
def test_a_flat_surface_has_a_picture_too(value):
    ET.fromstring(document(surface(((value,) * 3,) * 3)))

"""Charts on a page have their marks where the values are, and say so to scripts and to screen readers."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ablab.report.chart import Axis, Bars, HeatMap, Intervals, Line, Lines, Multiples, Scatter, Spot, Whisker
from ablab.report.draw import svg
from ablab.report.draw.svg.lines import HEIGHT, WIDTH
from ablab.report.scale import Scale, forest_span


def panel(*lines: Line, span: tuple[float, float] | None = None) -> ElementTree.Element:
    axis = Axis("epoch", is_counted=True)
    chart = Lines(name="", title="accuracy", x_axis=axis, y_axis=Axis("", span=span), lines=lines)
    return ElementTree.fromstring(str(svg.draw(chart)))


def points(root: ElementTree.Element, kind: str) -> list[tuple[float, float]]:
    (path,) = [one.get("d", "") for one in root.iter("path") if one.get("class") == kind]
    return [(float(x), float(y)) for x, y in (pair.split() for pair in path.strip("MZ").split("L"))]


def test_a_mean_is_drawn_in_proportion_to_the_values():
    (x1, y1), (x2, y2), (x3, y3) = points(panel(Line("", 0, ((1, 0.0), (2, 0.5), (3, 1.0)))), "mean s0")
    assert x2 - x1 == pytest.approx(x3 - x2)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.11)
    assert 0 <= x1 < x3 <= WIDTH
    assert 0 <= y3 < y1 <= HEIGHT


def test_a_band_goes_along_the_highest_values_and_back_along_the_lowest():
    root = panel(Line("", 2, ((1, 3.0), (2, 4.0)), band=((1, 2.0, 4.0), (2, 4.0, 4.0))), span=(2.0, 4.0))
    (_, a), (_, b), (_, c), (_, d) = points(root, "band s2")
    assert a == b == c == 0
    assert d == pytest.approx(202)


def test_one_epoch_is_a_dot_and_styles_stand_side_by_side():
    root = panel(*(Line("", style, ((1, 0.5),)) for style in (0, 1)))
    dots = [one for one in root.iter("circle") if (one.get("class") or "").startswith("dot mean")]
    assert len({one.get("cx") for one in dots}) == 2


def test_a_panel_says_where_its_values_lie():
    root = panel(Line("", 0, ((1, 0.5), (9, 0.7))), span=(0.25, 1.0))
    assert root.get("data-x") == "1 9"
    assert root.get("data-y") == "0.25 1.0"
    left, top, width, height, inner = map(float, root.get("data-frame", "").split())
    (x1, y1), (x2, _) = points(root, "mean s0")
    assert [x1, x2] == [inner, width - inner]
    assert y1 == pytest.approx(height * (1 - 0.25 / 0.75), abs=0.1)
    assert left + width < WIDTH
    assert top + height < HEIGHT


def test_a_selected_epoch_has_a_ring_and_a_run_that_goes_on_a_dot_at_its_end():
    root = panel(
        Line("", 0, ((1, 0.5), (2, 0.6)), "one", selected=2), Line("", 1, ((1, 0.4), (2, 0.7)), "running"), span=(0, 1)
    )
    kinds = {one.get("class"): float(one.get("cx", "")) for one in root.iter("circle")}
    assert set(kinds) == {"selected s0", "end s1"}
    assert len(set(kinds.values())) == 1


@given(st.floats(-50, 50), st.floats(0, 30), st.floats(0.01, 10))
def test_a_row_places_interval_effect_and_margin_in_percent_of_its_width(effect, half, margin):
    one = Whisker("norm", effect, effect - half, effect + half, n=3)
    chart = Intervals(name="", title="", axis=Axis("effect"), intervals=(one,), margin=margin)
    across = Scale(*forest_span(chart), 0, 100)
    picture = str(svg.draw(chart))
    place = re.search(r'class="effect" cx="([\d.-]+)%"', picture)
    assert place
    assert float(place[1]) == pytest.approx(across(effect), abs=1e-3)
    band = re.search(r'class="margin" x="([\d.-]+)%" y="0" width="([\d.]+)%"', picture)
    assert band
    assert float(band[1]) + float(band[2]) == pytest.approx(across(margin), abs=2e-3)


def test_a_row_without_an_interval_has_band_and_zero_line_alone():
    one = Whisker("norm", None, None, None)
    picture = str(svg.draw(Intervals(name="", title="", axis=Axis(""), intervals=(one,), margin=1.0)))
    assert 'class="zero"' in picture
    assert 'class="effect"' not in picture
    assert 'class="interval"' not in picture
    assert "no interval yet" in picture


def test_the_axis_of_effects_says_plus_and_minus():
    chart = Intervals(name="", title="", axis=Axis("", span=(-2.5, 2.5)), intervals=(), margin=1.0)
    assert re.findall(r'text-anchor="middle">([^<]+)<', str(svg.draw(chart))) == ["-2", "-1", "0", "+1", "+2"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=64))
def test_there_is_a_bar_for_each_share_that_is_not_nothing_with_its_root_as_height(shares):
    axis = Axis("weights", span=(-0.5, 0.5))
    chart = Bars(name="", title="a < b", axis=axis, shares=tuple(shares), largest=max(shares))
    bars = list(ElementTree.fromstring(str(svg.draw(chart))).iter("rect"))
    assert len(bars) == sum(share > 0 for share in shares)
    wanted = [106 * (share / max(shares)) ** 0.5 for share in shares if share > 0]
    assert [float(bar.get("height", "")) for bar in bars] == pytest.approx(wanted, abs=0.2)


def heat_map(values, names, *, largest: float, is_difference: bool) -> ElementTree.Element:
    rows = tuple(map(tuple, np.asarray(values).tolist()))
    chart = HeatMap(
        name="",
        title="",
        rows=tuple(names),
        columns=tuple(names),
        values=rows,
        largest=largest,
        is_difference=is_difference,
    )
    return ElementTree.fromstring(str(svg.draw(chart)))


@given(arrays.arrays(float, st.integers(1, 14).map(lambda k: (k, k)), elements=st.floats(-100, 100)), st.booleans())
def test_a_map_has_a_cell_for_each_pair_whatever_the_numbers_and_the_names(values, is_difference):
    names = ["<b>&\u202e" + "x" * at for at in range(len(values))]
    root = heat_map(values, names, largest=float(abs(values).max()), is_difference=is_difference)
    cells = list(root.iter("rect"))
    assert len(cells) == values.size
    assert all(0 <= float(one.get("fill-opacity")) <= 0.9 for one in cells)
    assert not [text for text in root.itertext() if "\u202e" in text]


def test_colour_says_the_sign_and_the_size_of_a_difference():
    root = heat_map([[4.0, -4.0], [-2.0, 0.0]], ["a", "b"], largest=4.0, is_difference=True)
    kinds = [(one.get("class"), float(one.get("fill-opacity"))) for one in root.iter("rect")]
    assert kinds == [("cell more", 0.9), ("cell less", 0.9), ("cell less", 0.45), ("cell more", 0.0)]
    texts = [one.text for one in root.iter("text") if "in" in (one.get("class") or "").split()]
    assert texts == ["+4.0", "-4.0", "-2.0"]  # what rounds to nothing is left empty
    assert "a taken for b: -4.0 points" in [one.text for one in root.iter("title")]


def test_a_map_of_many_classes_has_no_numbers_in_it():
    names = [f"class {at}" for at in range(20)]
    root = heat_map(100 * np.eye(20), names, largest=100.0, is_difference=False)
    assert not [one for one in root.iter("text") if "in" in (one.get("class") or "").split()]
    assert "class 3 right: 100.0 %" in [one.text for one in root.iter("title")]


@given(st.lists(st.floats(1, 1e15), min_size=5, max_size=5), st.booleans())
def test_any_costs_make_a_picture_with_a_numbered_circle_for_each_recipe(costs, is_log):
    spots = tuple(Spot(f"recipe {at}", at, at, cost, 50.0 + at, 49.0, 56.0, 3) for at, cost in enumerate(costs))
    chart = Scatter(name="", title="", x_axis=Axis("cost", is_log=is_log), y_axis=Axis("%"), spots=spots)
    root = ElementTree.fromstring(str(svg.draw(chart)))
    assert all(0 <= float(one.get("cx")) <= 340 for one in root.iter("circle"))
    assert [group.findtext("text") for group in root.iter("g") if group.get("class") != "across"] == list("01234")


def test_a_figure_has_its_legend_once_its_headings_and_how_to_read_it():
    lines = tuple(Line(name, style, ((1, 0.5), (2, 0.6)), n=5) for style, name in enumerate(("base", "a < b")))
    charts = tuple(
        Lines(name="", title=title, heading=title, x_axis=Axis("epoch"), y_axis=Axis(title), lines=lines, note="Cut.")
        for title in ("accuracy", "loss")
    )
    text = str(svg.figure(Multiples(name="curves-1", title="", caption="Thick is a mean.", charts=charts, columns=2)))
    assert 'data-figure="curves-1"' in text
    assert re.findall(r"<bdi>([^<]*)</bdi>", text) == ["base", "a &lt; b", "accuracy", "loss"]
    assert text.count("n = 5") == 2
    assert text.count('<p class="small">Cut.</p>') == 2
    assert "<summary>How to read this</summary>\n<p>Thick is a mean.</p></details></figcaption></figure>" in text

"""Numbers become pictures without bending: scales are straight, ticks round, and nothing that is no number is drawn."""

import itertools
import math
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.report.charts import (
    HEIGHT,
    WIDTH,
    Curve,
    Group,
    Scale,
    histogram,
    outside,
    panel,
    reach,
    strip,
    strip_axis,
    summary,
    tick_texts,
    ticks,
)

finite = st.floats(-1e6, 1e6, allow_nan=False)
anything = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def spans(draw: st.DrawFn) -> tuple[float, float]:
    low = draw(finite)
    return low, low + draw(st.floats(1e-3, 1e6))


def numbers(svg: str) -> list[float]:
    """Every coordinate of a picture; that it parses as XML is part of the test."""
    found = []
    for element in ElementTree.fromstring(svg).iter():
        for key in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "d"):
            text = re.sub(r"[MLZ%]", " ", element.get(key, ""))
            found += [float(word) for word in text.split()]
    return found


@given(spans(), st.floats(0, 1), st.floats(0, 1))
def test_a_scale_is_linear_and_meets_its_ends(span: tuple[float, float], a: float, b: float) -> None:
    scale = Scale(*span, 10, 410)
    width = span[1] - span[0]
    assert scale(span[0]) == 10
    assert scale(span[1]) == pytest.approx(410)
    one, other = (scale(span[0] + share * width) for share in (a, b))
    assert one - other == pytest.approx(400 * (a - b), abs=1e-3)


@given(spans(), st.integers(2, 9))
def test_ticks_are_few_rising_evenly_spaced_and_inside(span: tuple[float, float], most: int) -> None:
    found = ticks(*span, most)
    room = 1e-6 * (span[1] - span[0]) + 1e-9
    assert 1 <= len(found) <= most
    assert all(span[0] - room <= tick <= span[1] + room for tick in found)
    steps = [b - a for a, b in itertools.pairwise(found)]
    assert all(step > 0 and step == pytest.approx(steps[0], rel=1e-6) for step in steps)
    assert len(set(tick_texts(found))) == len(found)


def test_ticks_are_the_round_numbers_that_a_person_would_choose() -> None:
    assert ticks(0, 100) == (0, 50, 100)
    assert ticks(-3.2, 4.1) == (-2, 0, 2, 4)
    assert tick_texts((0.5, 1.0)) == ("0.5", "1.0")


@given(st.lists(anything))
def test_an_axis_has_width_and_holds_every_value_that_can_be_drawn(values: list[float]) -> None:
    low, high = reach(values)
    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value) and abs(value) <= 1e9)


@given(st.lists(st.lists(anything, min_size=1, max_size=6), min_size=1, max_size=4), st.booleans())
def test_a_panel_holds_only_numbers_whatever_the_runs_hold(curves: list[list[float]], is_finished: bool) -> None:
    group = Group(1, tuple(Curve(tuple(enumerate(ys, 1)), 1, is_finished) for ys in curves))
    span = reach(y for ys in curves for y in ys)
    picture = panel([group], span, title="loss")
    assert all(math.isfinite(number) for number in numbers(picture))
    assert not re.search(r"nan|inf", picture, re.IGNORECASE)


def test_a_panel_draws_the_mean_in_proportion_to_the_values() -> None:
    group = Group(0, (Curve(((1, 0.0), (2, 0.5), (3, 1.0))),))
    picture = str(panel([group], (0.0, 1.0), title="accuracy"))
    path = re.search(r'class="mean s0" d="M([^"]+)"', picture)
    assert path
    (x1, y1), (x2, y2), (x3, y3) = ([float(word) for word in pair.split()] for pair in path[1].split("L"))
    assert x2 - x1 == pytest.approx(x3 - x2)
    assert y1 - y2 == pytest.approx(y2 - y3)
    assert 0 <= x1 < x3 <= WIDTH
    assert 0 <= y3 < y1 <= HEIGHT


def test_means_and_bands_are_those_of_the_values() -> None:
    rows = summary([Curve(((1, 2.0), (2, 4.0))), Curve(((1, 4.0), (2, math.nan)))])
    assert rows == ((1, 3.0, 2.0, 4.0), (2, 4.0, 4.0, 4.0))


def test_a_run_of_one_epoch_is_a_dot_and_groups_stand_side_by_side() -> None:
    groups = [Group(style, (Curve(((1, 0.5),)), Curve(((1, 0.6),)))) for style in (0, 1)]
    picture = str(panel(groups, (0.0, 1.0), title="accuracy"))
    places = re.findall(r'class="dot mean s\d" cx="([\d.]+)"', picture)
    assert len(set(places)) == 2


def test_runs_that_leave_the_frame_are_counted() -> None:
    groups = [Group(0, (Curve(((1, 0.5),)), Curve(((1, 7.0),)), Curve(((1, math.inf),))))]
    assert outside(groups, (0.0, 1.0)) == 2


@given(st.floats(-50, 50), st.floats(0, 30), st.floats(0.01, 10))
def test_a_strip_places_interval_effect_and_margin_in_percent_of_its_width(
    effect: float, half: float, margin: float
) -> None:
    low, high = effect - half, effect + half
    span = reach([low, high, -1.5 * margin, 1.5 * margin])
    picture = str(strip(effect, low, high, margin=margin, span=span, text="effect"))
    across = Scale(*span, 0, 100)
    place = re.search(r'class="effect" cx="([\d.-]+)%"', picture)
    assert place
    assert float(place[1]) == pytest.approx(across(effect), abs=1e-3)
    assert all(-0.001 <= number <= 100.001 for number in numbers(picture))
    band = re.search(r'class="margin" x="([\d.-]+)%" y="0" width="([\d.]+)%"', picture)
    assert band
    assert float(band[1]) + float(band[2]) == pytest.approx(across(margin), abs=2e-3)


def test_a_strip_without_an_interval_has_band_and_zero_line_alone() -> None:
    picture = str(strip(None, None, None, margin=1.0, span=(-2, 2), text="no pair yet"))
    assert 'class="zero"' in picture
    assert 'class="effect"' not in picture
    assert 'class="interval"' not in picture


def test_titles_are_escaped() -> None:
    picture = panel([], (0.0, 1.0), title='</title><script>"x"')
    assert "<script>" not in picture
    assert ElementTree.fromstring(picture).get("aria-label") == '</title><script>"x"'


def test_the_axis_of_the_strips_says_plus_and_minus() -> None:
    texts = [element.text for element in ElementTree.fromstring(strip_axis((-2.5, 2.5), "points")).iter("text")]
    assert texts == ["-2", "-1", "0", "+1", "+2"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=64))
def test_a_histogram_has_a_bar_for_each_share_that_is_not_nothing_with_its_root_as_height(shares: list[float]) -> None:
    highest = max(shares)
    picture = str(histogram(shares, highest, 0.5, style=1, title="a < b"))
    bars = list(ElementTree.fromstring(picture).iter("rect"))
    assert len(bars) == sum(share > 0 for share in shares)
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights == pytest.approx([106 * math.sqrt(share / highest) for share in shares if share > 0], abs=0.2)
    assert all(0 <= number <= 240 for number in numbers(picture))


def test_a_panel_says_where_its_values_lie() -> None:
    root = ElementTree.fromstring(str(panel([Group(0, (Curve(((1, 0.5), (9, 0.7))),))], (0.25, 1.0), title="")))
    assert root.get("data-x") == "1 9"
    assert root.get("data-y") == "0.25 1.0"
    left, top, width, height, inner = map(float, root.get("data-frame", "").split())
    place = re.search(r'class="mean s0" d="M([\d.]+) ([\d.]+)L([\d.]+)', ElementTree.tostring(root, "unicode"))
    assert place
    assert [float(place[1]), float(place[3])] == [inner, width - inner]
    assert float(place[2]) == pytest.approx(height * (1 - 0.25 / 0.75), abs=0.1)
    assert left + width < WIDTH
    assert top + height < HEIGHT

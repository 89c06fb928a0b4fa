"""Scales are straight, ticks round and few, and an axis reaches as far as what it has to show."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.report.chart import Axis, Intervals, Line, Lines, Scatter, Spot, Whisker
from ablab.report.scale import (
    Scale,
    forest_span,
    magnitude,
    marks,
    outside,
    reach,
    reaching,
    scatter_spans,
    spans,
    tick_texts,
    ticks,
    upright_span,
)

finite = st.floats(-1e6, 1e6, allow_nan=False)
anything = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def widths(draw: st.DrawFn) -> tuple[float, float]:
    low = draw(finite)
    return low, low + draw(st.floats(1e-3, 1e6))


@given(widths(), st.floats(0, 1), st.floats(0, 1))
def test_a_scale_is_linear_and_meets_its_ends(span, a, b):
    scale = Scale(*span, 10, 410)
    width = span[1] - span[0]
    assert scale(span[0]) == 10
    assert scale(span[1]) == pytest.approx(410)
    one, other = (scale(span[0] + share * width) for share in (a, b))
    assert one - other == pytest.approx(400 * (a - b), abs=1e-3)


def test_a_scale_of_powers_has_equal_steps_for_equal_factors():
    scale = Scale(0.01, 100, 0, 100, is_log=True)
    assert [scale(value) for value in (0.01, 0.1, 1, 10, 100)] == pytest.approx([0, 25, 50, 75, 100])
    assert not scale.can_show(0.0)


@given(widths(), st.integers(2, 9))
def test_ticks_are_few_rising_evenly_spaced_and_inside(span, most):
    found = ticks(*span, most)
    room = 1e-6 * (span[1] - span[0]) + 1e-9
    assert 1 <= len(found) <= most
    assert all(span[0] - room <= tick <= span[1] + room for tick in found)
    steps = [b - a for a, b in itertools.pairwise(found)]
    assert all(step > 0 and step == pytest.approx(steps[0], rel=1e-6) for step in steps)
    assert len(set(tick_texts(found))) == len(found)


def test_ticks_are_the_round_numbers_that_a_person_would_choose():
    assert ticks(0, 100) == (0, 50, 100)
    assert ticks(-3.2, 4.1) == (-2, 0, 2, 4)
    assert tick_texts((0.5, 1.0)) == ("0.5", "1.0")
    assert magnitude(999.9) == "999.9"


def test_what_is_counted_has_whole_numbers_from_the_first_on():
    assert [value for value, _ in marks(Axis("epoch", is_counted=True), (1.0, 12.0))] == [1, 5, 10]
    assert [text for _, text in marks(Axis("epoch", is_counted=True), (1.0, 3.0))] == ["1", "2", "3"]


def test_large_numbers_have_a_letter_and_different_numbers_different_texts():
    assert [text for _, text in marks(Axis("parameters"), (0.0, 320_000.0))] == ["0", "100k", "200k", "300k"]
    assert len({text for _, text in marks(Axis("parameters"), (82_030.1, 82_030.2))}) > 1


@given(st.lists(anything))
def test_an_axis_has_width_and_holds_every_value_that_can_be_drawn(values):
    low, high = reach(values)
    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value) and abs(value) <= 1e9)


def test_an_axis_is_in_powers_only_where_values_are_far_apart():
    assert not reaching("", [1.0, 40.0]).is_log
    powers = reaching("", [0.02, 40.0])
    assert powers.is_log
    assert powers.span == pytest.approx((0.01, 100))
    assert [text for _, text in marks(powers, powers.span)] == ["0.01", "0.1", "1", "10", "100"]
    assert not reaching("", [-1.0, 1000.0]).is_log


def lines(*kept: Line) -> Lines:
    return Lines(name="", title="", x_axis=Axis("epoch"), y_axis=Axis("loss"), lines=kept)


def test_runs_that_leave_the_frame_are_counted_and_do_not_make_the_axis():
    whole = Line("", 0, ((1, 0.5), (2, 0.7)), "one")
    broken = [Line("", 0, ((1, 7.0),), "unfinished"), Line("", 0, ((1, math.inf),), "unfinished")]
    assert spans(lines(whole, *broken))[1] == pytest.approx((0.49, 0.71))
    assert outside(lines(whole, *broken)) == 2
    assert outside(lines(broken[0])) == 0


def test_costs_start_at_zero_unless_their_axis_is_in_powers():
    spots = tuple(Spot("", at, 0, x, 50.0, 45.0, 55.0, 3) for at, x in enumerate((37.6, 38.0)))
    straight = Scatter(name="", title="", x_axis=Axis("seconds"), y_axis=Axis("%"), spots=spots)
    assert scatter_spans(straight)[0][0] == 0
    powers = Scatter(name="", title="", x_axis=Axis("MACs", is_log=True), y_axis=Axis("%"), spots=spots)
    low, high = scatter_spans(powers)[0]
    assert 0 < low < 37.6 < 38.0 < high
    assert scatter_spans(powers)[1] == pytest.approx((44.5, 55.5))


def intervals(*kept: Whisker) -> Intervals:
    return Intervals(name="", title="", axis=Axis("effect"), intervals=kept, margin=1.0)


@given(st.floats(-50, 50), st.floats(0, 30))
def test_a_forest_plot_holds_all_intervals_and_the_band(effect, half):
    low, high = forest_span(intervals(Whisker("", effect, effect - half, effect + half), Whisker("", None, None, None)))
    assert low < min(effect - half, -1.0)
    assert max(effect + half, 1.0) < high


def test_a_first_look_that_says_nothing_does_not_hide_those_that_matter():
    early, late = Whisker("2", 0.0, -500.0, 500.0), Whisker("9", 0.5, -0.2, 1.2)
    low, high = upright_span(intervals(early, late))
    assert -10 < low < high < 10

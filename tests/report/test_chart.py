"""Charts are values: their sheets have the numbers behind them, and the front is that of what nothing beats."""

import math

from hypothesis import given
from hypothesis import strategies as st

from ablab.report.chart import Axis, Bars, HeatMap, Multiples, Scatter, Sheet, Spot, pareto
from ablab.report.scale import summary

costs = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=12)


@given(costs)
def test_nothing_beats_what_is_on_the_front_and_something_beats_the_rest(both):
    values, heights = [float(cost) for cost, _ in both], [float(height) for _, height in both]
    front = pareto(values, heights)

    def is_beaten(at: int) -> bool:
        return any(
            values[by] <= values[at]
            and heights[by] >= heights[at]
            and (values[by], heights[by]) != (values[at], heights[at])
            for by in range(len(both))
        )

    assert not any(is_beaten(at) for at in front)
    on_it = {(values[at], heights[at]) for at in front}
    assert all(is_beaten(at) or (values[at], heights[at]) in on_it for at in range(len(both)))
    assert [values[at] for at in front] == sorted(values[at] for at in front)


def test_of_two_recipes_that_are_equal_the_first_is_on_the_front():
    spots = tuple(Spot(f"recipe {at}", at, 1, 2.0, 50.0, None, None, 3) for at in (1, 0))
    assert [s.number for s in Scatter(name="", title="", x_axis=Axis(""), y_axis=Axis(""), spots=spots).front] == [0]


def test_means_and_bands_are_those_of_the_values():
    rows = summary([((1, 2.0), (2, 4.0)), ((1, 4.0), (2, math.nan))])
    assert rows == ((1, 3.0, 2.0, 4.0), (2, 4.0, 4.0, 4.0))


def test_maps_of_the_same_names_stand_side_by_side_in_their_sheet():
    base, change = (
        HeatMap(name="", title="", heading=heading, rows=("a", "b"), columns=("a", "b"), values=values, largest=1.0)
        for heading, values in (("base", ((1.0, 2.0), (3.0, 4.0))), ("variant", ((5.0, 6.0), (7.0, 8.0))))
    )
    sheet = Multiples(name="", title="", charts=(base, None, change)).sheet()
    assert sheet.columns == ("true class", "given class", "base, %", "variant, %")
    assert sheet.rows[1] == ("a", "b", 2.0, 6.0)
    assert len(sheet.rows) == 4


def test_other_sheets_stand_below_each_other_under_their_headings():
    made = [
        Bars(name="", title="", heading=h, axis=Axis("weights", span=(-1, 1)), shares=(0.5, 0.5), largest=0.5)
        for h in "ab"
    ]
    sheet = Multiples(name="", title="", charts=tuple(made), by="recipe").sheet()
    assert sheet.columns == ("recipe", "from", "to", "share of weights")
    assert sheet.rows == (("a", -1, 0, 0.5), ("a", 0, 1, 0.5), ("b", -1, 0, 0.5), ("b", 0, 1, 0.5))
    assert Multiples(name="", title="", charts=()).sheet() == Sheet((), ())

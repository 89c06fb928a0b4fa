"""Charts of the dashboard hold their numbers, leave room for what is to come, and show names as text."""

import math
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from simulated import simulate, study

from ablab.records import EpochRow
from ablab.report.chart import Axis, Line
from ablab.serve.charts import curves, looks, spark

value = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 100)


@given(
    st.lists(st.lists(value, max_size=12), min_size=1, max_size=4), st.sampled_from(["mean", "running", "unfinished"])
)
def test_any_curve_is_a_picture_with_all_of_its_values(values, kind):
    lines = [
        Line(f"run {at}", at, tuple((float(i), y) for i, y in enumerate(curve, 1)), kind)
        for at, curve in enumerate(values)
    ]
    _, picture = curves(Axis("Loss"), lines, 12)
    root = ElementTree.fromstring(str(picture))
    assert root.get("data-x") == "1 12"
    for line in lines:
        (group,) = [one for one in root.iter("g") if one.get("data-name") == line.name]
        pairs = [tuple(map(float, pair.split(":"))) for pair in group.get("data-values", "").split()]
        assert len(pairs) == len(line.points)
        for (at, y), (x, wanted) in zip(pairs, line.points, strict=True):
            assert at == x
            assert (math.isnan(y) and math.isnan(wanted)) or math.isclose(y, wanted, rel_tol=1e-4)


def test_names_are_text():
    hostile = '"><script>__pwned=1</script>'
    _, picture = curves(Axis(hostile), [Line(hostile, 1, ((1.0, 2.0),))], 1)
    assert "<script>" not in picture
    assert [one.get("data-name") for one in ElementTree.fromstring(str(picture)).iter("g")][1:] == [hostile]


def test_every_look_is_a_bar_the_last_one_is_marked_and_there_is_room_for_all_pairs():
    _, _, verdicts = simulate(study(), gains={"batch norm": 0.4})
    for verdict in verdicts:
        picture = ElementTree.fromstring(str(looks(verdict, (3, 7))))
        bars = [one.get("class") for one in picture.iter("g")]
        assert bars == ["look before"] * (len(verdict.looks) - 1) + ["look now"]
        assert [one.text for one in picture.iter("text")][-6:] == ["3", "4", "5", "6", "7", "pairs"]
        for line in picture.iter("line"):
            assert 0 <= float(line.get("y1", "-1")) <= 170


@given(st.lists(value, max_size=40), st.integers(1, 40))
def test_a_spark_is_a_picture_whatever_the_values(values, epochs):
    rows = [EpochRow(at, 0.1, 1.0, 0.5, 1.0, value, 1.0) for at, value in enumerate(values, 1)]
    ElementTree.fromstring(str(spark(rows, max(epochs, len(values)))))

"""Charts hold their numbers, stay in their frame, and show names as text."""

import math
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from simulated import simulate, study

from ablab.serve import draw

value = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 100)


@given(st.lists(st.lists(value, max_size=12), min_size=1, max_size=4), st.sampled_from(["bold", "running", "broken"]))
def test_any_curve_is_a_picture_with_all_of_its_values(curves, kind):
    lines = [
        draw.Line(f"run {at}", at, kind, tuple((float(i), y) for i, y in enumerate(curve, 1)))
        for at, curve in enumerate(curves)
    ]
    picture = ElementTree.fromstring(str(draw.curves(lines, title="t", epochs=12)))
    for line in lines:
        (found,) = [one for one in picture.iter("g") if one.get("data-name") == line.name]
        said = [tuple(map(float, pair.split(":"))) for pair in found.get("data-values", "").split()]
        assert len(said) == len(line.points)
        for (at, y), (x, wanted) in zip(said, line.points, strict=True):
            assert at == x
            assert (math.isnan(y) and math.isnan(wanted)) or math.isclose(y, wanted, rel_tol=1e-4)
    for path in picture.iter("path"):
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", path.get("d", ""))]
        assert all(-1 <= x <= draw.WIDTH + 1 for x in numbers[::2])
        assert all(-1 <= y <= draw.HEIGHT + 1 for y in numbers[1::2])


def test_names_are_text():
    hostile = '"><script>__pwned=1</script>'
    picture = str(draw.curves([draw.Line(hostile, 1, "bold", ((1.0, 2.0),))], title=hostile))
    assert "<script>" not in picture
    assert [one.get("data-name") for one in ElementTree.fromstring(picture).iter("g")] == [hostile]


def test_every_look_is_a_bar_and_the_last_one_is_marked():
    _, _, verdicts = simulate(study(), gains={"batch norm": 0.4})
    for verdict in verdicts:
        picture = ElementTree.fromstring(
            str(draw.looks(verdict.looks, seeds=(3, 5), margin=verdict.margin, title="looks"))
        )
        bars = [one.get("class") for one in picture.iter("g")]
        assert bars == ["look before"] * (len(verdict.looks) - 1) + ["look now"]
        for line in picture.iter("line"):
            assert 0 <= float(line.get("y1", "-1")) <= draw.LOOKS_HEIGHT


@given(st.lists(value, max_size=40), st.integers(1, 40))
def test_a_spark_is_a_picture_whatever_the_values(values, epochs):
    ElementTree.fromstring(str(draw.spark(values, max(epochs, len(values)), title="t")))

"""One curve as text and as a picture."""

import xml.etree.ElementTree as ET

from ablab.report import plot


def test_the_text_has_the_ends_of_the_scale_and_bars_as_high_as_the_values():
    lines = plot.text([0.0, 0.5, 1.0], rows=2, low=0.0).splitlines()
    assert lines[0].split() == ["1", "█"]
    assert lines[1].split() == ["0", "██"]


def test_the_picture_is_whole_marks_what_it_is_told_and_escapes_its_title():
    drawing = plot.svg(
        [0.001, 0.01, 0.1], [2.0, 1.0, 3.0], title="a < b & c", x_name="rate", y_name="loss", is_log=True, marked=0.01
    )
    root = ET.fromstring(drawing)
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "a < b & c" in texts
    assert {"0.001", "0.01", "0.1"} <= set(texts)
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 1


def test_a_constant_has_a_picture_too():
    ET.fromstring(plot.svg([0, 1], [0.3, 0.3], title="", x_name="", y_name=""))
    assert plot.text([0.3, 0.3])

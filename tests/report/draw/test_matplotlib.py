"""Pictures show what charts say: colours, marks, numbers, and the same looks as on a page."""

import io

import numpy as np
import pytest
from pictured import drawn, has_colour, share_of_paper
from PIL import Image

from ablab.report.chart import Axis, HeatMap, Images, Intervals, Line, Lines, Multiples, Scatter, Shot, Spot, Whisker
from ablab.report.draw.matplotlib import figure
from ablab.report.picture import Picture
from ablab.report.style import BAND, COLOURS, LESS, LOOKS, MORE


def texts(picture: Picture) -> list[str]:
    """All that is written in a picture."""
    return [text.get_text().replace(r"\$", "$") for text in picture.figure.findobj(lambda it: hasattr(it, "get_text"))]


def effects(*intervals: Whisker) -> Picture:
    axis = Axis("effect", "percentage points")
    return figure(Intervals(name="effects", title="Effects", axis=axis, intervals=intervals, margin=1.0))


def test_effects_have_the_colour_of_their_word_and_their_numbers_over_the_band():
    picture = effects(Whisker("batch norm", 6.0, 5.5, 6.5, "helps", 3), Whisker("crop", -3.0, -3.5, -2.5, "hurts", 5))
    image = drawn(picture)
    assert 0.4 < share_of_paper(image) < 0.97
    assert has_colour(image, BAND.light, 1000)
    assert has_colour(image, LOOKS["helps"].colour.light)
    assert has_colour(image, LOOKS["hurts"].colour.light)
    assert "helps\n+6.00  (+5.50 to +6.50), n = 3" in texts(picture)


def test_an_effect_without_an_interval_says_so_and_its_mark_is_empty():
    picture = effects(Whisker("batch norm", 6.0, None, None, "undecided", 2))
    assert any("no interval yet" in text for text in texts(picture))
    (mark,) = [line for line in picture.figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert mark.get_markerfacecolor() == "white"
    assert "no pair yet  (no interval yet), n = 0" in texts(effects(Whisker("crop", None, None, None)))


def test_a_biased_effect_is_marked_as_such():
    assert any(
        "(biased)" in text for text in texts(effects(Whisker("", 6.0, 5.0, 7.0, "helps", 3, label="helps (biased)")))
    )


def panel(*lines: Line) -> Lines:
    axis = Axis("Validation accuracy", "%")
    return Lines(
        name="", title="", heading=str(axis), x_axis=Axis("epoch", is_counted=True), y_axis=axis, lines=lines
    )  # fmt: skip


def test_curves_show_the_mean_the_single_runs_and_the_selected_epochs_under_one_legend():
    lines = (
        Line("base", 0, ((1, 50.0), (2, 61.0)), band=((1, 49.0, 51.0), (2, 60.0, 62.0)), n=2),
        Line("base", 0, ((1, 49.0), (2, 60.0)), "one", selected=2),
        Line("norm $x^2$", 1, ((1, 52.0), (2, 66.0)), n=1),
        Line("norm $x^2$", 1, ((1, 52.0), (2, float("nan"))), "unfinished"),
    )
    picture = figure(Multiples(name="curves", title="", charts=(panel(*lines),) * 4, columns=2))
    first = picture.figure.axes[0]
    thick = [line for line in first.get_lines() if line.get_linewidth() == 1.8]
    assert [list(line.get_ydata()) for line in thick] == [[50.0, 61.0], [52.0, 66.0]]
    assert len([line for line in first.get_lines() if line.get_linewidth() == 0.6]) == 1
    rings = [line for line in first.get_lines() if line.get_marker() == "o" and line.get_linestyle() == "None"]
    assert [ring.get_xdata()[0] for ring in rings] == [2]
    (legend,) = picture.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["base (n = 2)", r"norm \$x^2\$ (n = 1)"]
    image = drawn(picture)
    assert has_colour(image, COLOURS[0].light)
    assert has_colour(image, COLOURS[1].light)
    assert not has_colour(image, COLOURS[2].light)


def test_a_difference_is_blue_where_it_is_more_and_orange_where_it_is_less():
    names = ("a", "square $x^2$")
    chart = HeatMap(
        name="", title="", rows=names, columns=names, values=((9.0, -9.0), (0.0, 0.2)), largest=9.0, is_difference=True
    )
    picture = figure(chart)
    cells = np.asarray(picture.figure.axes[0].images[0].get_array())
    for cell, tone in ((cells[0, 0], MORE), (cells[0, 1], LESS)):
        full = np.array([int(tone.light[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        assert cell == pytest.approx(1 - 0.9 * (1 - full), abs=0.01)
    assert cells[1, 0] == pytest.approx([1, 1, 1])
    assert {"+9", "-9", "square $x^2$"} <= set(texts(picture))
    assert "+0" not in texts(picture)


def test_a_map_of_many_classes_has_no_names():
    names = tuple(f"class {at}" for at in range(40))
    values = tuple(map(tuple, (100 * np.eye(40)).tolist()))
    picture = figure(HeatMap(name="", title="", rows=names, columns=names, values=values, largest=100.0))
    assert "class 3" not in texts(picture)
    assert "40 classes, in their order" in texts(picture)


def test_costs_have_the_colour_and_the_mark_of_their_recipe_and_the_interval_of_their_mean():
    spots = tuple(Spot(f"recipe {at}", at, at % 6, 1.0 + at, 50.0 + at, 49.0 + at, 51.0 + at, 3) for at in range(8))
    chart = Scatter(name="cost", title="", x_axis=Axis("seconds"), y_axis=Axis("test accuracy", "%"), spots=spots)
    picture = figure(chart)
    marks = [line for line in picture.figure.axes[0].get_lines() if line.get_linestyle() == "None"]
    assert len({(line.get_color(), line.get_marker()) for line in marks}) == 8
    reaches = [line for line in picture.figure.axes[0].get_lines() if line.get_linewidth() == 1.5 and line not in marks]
    assert [list(line.get_ydata()) for line in reaches] == [[spot.low, spot.high] for spot in spots]
    assert 0.5 < share_of_paper(drawn(picture)) < 0.97


def test_a_contact_sheet_shows_the_pictures_themselves():
    pixels = np.random.default_rng(1).integers(0, 256, (8, 16, 16, 3)).astype("u1")
    shots = []
    for number, each in enumerate(pixels):
        out = io.BytesIO()
        Image.fromarray(each).save(out, "PNG")
        shots.append(Shot(number, out.getvalue(), "cat", "dog", "83 %, 5 of 5"))
    picture = figure(Images(name="worst", title="", note="9 images, the first 8 shown", shots=tuple(shots)))
    axes = picture.figure.axes
    assert len(axes) == 12
    for each, place in zip(pixels, axes, strict=False):
        assert np.array_equal(place.images[0].get_array(), each)
    assert not axes[8].images
    assert "dog\n83 %, 5 of 5" in texts(picture)
    assert "9 images, the first 8 shown." in texts(picture)


def test_a_caption_can_stand_elsewhere_and_the_runs_travel_with_the_picture():
    chart = Lines(
        name="", title="t", caption="long " * 40, runs=("0123456789ab",), x_axis=Axis("x"), y_axis=Axis("y"), lines=()
    )
    with_it, without = (figure(chart, has_caption=has) for has in (True, False))
    assert with_it.caption == without.caption == chart.caption
    assert with_it.runs == chart.runs
    assert drawn(with_it).height > drawn(without).height


@pytest.mark.parametrize("kind", [Lines, Scatter])
def test_the_note_of_a_chart_stands_below_its_axis(kind):
    parts = {Lines: {"lines": ()}, Scatter: {"spots": ()}}[kind]
    chart = kind(name="", title="t", note="Cut at 1e9.", x_axis=Axis("epoch"), y_axis=Axis("loss"), **parts)
    assert "epoch\nCut at 1e9." in texts(figure(chart))
    assert "epoch\nCut at 1e9." in texts(figure(Multiples(name="", title="t", charts=(chart, chart))))

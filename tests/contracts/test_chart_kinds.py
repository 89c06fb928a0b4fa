"""Both backends know every kind of chart, and draw it whatever its numbers and its names are."""

import dataclasses
import io
import math
import re
from typing import Any, get_args
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ablab.report.chart import (
    Axis,
    Bars,
    Chart,
    HeatMap,
    Images,
    Intervals,
    Line,
    Lines,
    Multiples,
    Scatter,
    Shot,
    Spot,
    Surface,
    Whisker,
)
from ablab.report.draw import matplotlib, svg

KINDS = [kind for kind in get_args(Chart) if kind is not Multiples] + [Multiples]
ODD = (math.nan, math.inf, -math.inf, 0.0, -1.0, 1e9, 1e300, 5e-324)
NAMES = ("<b>&\u202e", "", "$x^2$ \\ _", "a name that is much longer than any room that there is for it", "🧪")
number = st.sampled_from(ODD) | st.floats(-100, 100)
known = st.floats(-100, 100) | st.sampled_from((0.0, 1e9))
name = st.sampled_from(NAMES)
common = {"name": st.just("key"), "title": name, "heading": name, "caption": name, "note": name}
PNG = io.BytesIO()
Image.new("L", (3, 2)).save(PNG, "PNG")


def lists(of: st.SearchStrategy[Any], most: int = 5) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most).map(tuple)


def axes(*, has_logs: bool = True) -> st.SearchStrategy[Axis]:
    return st.builds(Axis, name, st.just(""), st.none(), st.booleans() if has_logs else st.just(False))


@st.composite
def squares(draw: st.DrawFn, of: st.SearchStrategy[float]) -> tuple[tuple[float, ...], ...]:
    side = draw(st.integers(0, 4))
    return tuple(tuple(draw(of) for _ in range(side)) for _ in range(side))


@st.composite
def lines(draw: st.DrawFn) -> Line:
    xs = sorted(draw(st.lists(st.integers(1, 30), unique=True, max_size=6)))
    points = tuple((float(x), draw(number)) for x in xs)
    band = tuple((float(x), *sorted((draw(known), draw(known)))) for x in xs) if draw(st.booleans()) else ()
    kind = draw(st.sampled_from(("mean", "one", "unfinished", "running")))
    return Line(draw(name), draw(st.integers(0, 9)), points, kind, band, draw(st.sampled_from((None, 1.0))), 3)


@st.composite
def heat_maps(draw: st.DrawFn) -> HeatMap:
    values = draw(squares(number))
    names = tuple(draw(name) for _ in values)
    made: Any = {key: draw(of) for key, of in common.items()}
    return HeatMap(
        rows=names, columns=names, values=values, largest=draw(known), is_difference=draw(st.booleans()), **made
    )


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    values = draw(squares(number))
    places = tuple(float(at) for at in range(len(values)))
    made: Any = {key: draw(of) for key, of in common.items()}
    plain = Axis("distance")
    return Surface(places=places, values=values, x_axis=plain, y_axis=plain, colour=Axis("loss"), **made)


interval = st.builds(
    lambda a, b, c, **rest: Whisker(low=min(a, b, c), effect=sorted((a, b, c))[1], high=max(a, b, c), **rest),
    known, known, known, name=name, word=st.sampled_from(("helps", "undecided", "")), is_faint=st.booleans(),
)  # fmt: skip
unknown = st.builds(Whisker, name, st.none() | known, st.none(), st.none())
places = (st.integers(0, 50), st.integers(0, 5), st.floats(1, 1e15), known)
spots = st.builds(Spot, name, *places, st.none(), st.none(), st.just(1))
shots = st.builds(Shot, st.integers(0), st.just(PNG.getvalue()), name, name)
SINGLE: dict[Any, st.SearchStrategy[Any]] = {
    Lines: st.builds(Lines, x_axis=axes(), y_axis=axes(), lines=lists(lines()), **common),
    Intervals: st.builds(
        Intervals, axis=axes(has_logs=False), intervals=lists(interval | unknown), margin=st.floats(0, 10),
        is_upright=st.booleans(), across=name, **common,
    ),
    HeatMap: heat_maps(),
    Surface: surfaces(),
    Scatter: st.builds(Scatter, x_axis=axes(), y_axis=axes(has_logs=False), spots=lists(spots), **common),
    Bars: st.builds(
        Bars, axis=st.just(Axis("weights", span=(-0.5, 0.5))), shares=lists(st.floats(0, 1) | st.just(math.nan)),
        largest=st.sampled_from((0.0, 1.0)), style=st.integers(0, 9), **common,
    ),
    Images: st.builds(Images, shots=lists(shots), **common),
}  # fmt: skip
ANY = {**SINGLE, Multiples: st.builds(Multiples, charts=lists(st.none() | st.one_of(*SINGLE.values()), 4), **common)}


def test_every_kind_is_drawn_here():
    assert set(ANY) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_any_chart_is_markup_of_numbers_and_escaped_names(kind, data):
    chart = data.draw(ANY[kind])
    for drawn in (svg.draw(chart, has_values=False), svg.figure(chart)):
        assert drawn.startswith("<")
        # HTML, which may leave attributes without values and elements open
        text = re.sub(r"(<(?:br|img)[^>]*)>", r"\1/>", str(drawn).replace(" data-label>", ">"))
        root = ElementTree.fromstring(f"<div>{text}</div>")
        for element in root.iter():
            for key in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "d", "points"):
                words = re.sub(r"[MLZ%]", " ", element.get(key, "")).split()
                assert all(math.isfinite(float(word)) for word in words)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=4)
def test_any_chart_is_a_picture(kind, data):
    chart = dataclasses.replace(data.draw(ANY[kind]), runs=("0123456789ab",))
    picture = matplotlib.figure(chart)
    picture.figure.draw_without_rendering()
    assert picture.runs == ("0123456789ab",)


@pytest.mark.parametrize("kind", [Lines, Surface, Multiples])
@given(data=st.data())
@settings(max_examples=10)
def test_a_file_of_its_own_has_all_colours_in_it(kind, data):
    text = svg.document(data.draw(ANY[kind]))
    assert ElementTree.fromstring(text).get("viewBox")
    assert "var(" not in text


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=10)
def test_every_chart_has_the_numbers_behind_it(kind, data):
    sheet = data.draw(ANY[kind]).sheet()
    if kind is not Multiples:
        assert all(len(row) == len(sheet.columns) for row in sheet.rows)


@pytest.mark.parametrize("kind", [Lines, HeatMap, Surface, Scatter, Bars])
@given(data=st.data())
@settings(max_examples=5)
def test_every_picture_on_a_page_has_a_title_for_screen_readers(kind, data):
    chart = dataclasses.replace(data.draw(SINGLE[kind]), title='</title><script>"x"')
    root = ElementTree.fromstring(str(svg.draw(chart)))
    assert (root.get("role"), root.get("aria-label"), root.findtext("title")) == ("img", chart.title, chart.title)

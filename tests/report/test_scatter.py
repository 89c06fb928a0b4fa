"""The front is that of the recipes that no other one beats, and the picture holds what it is drawn from."""

import dataclasses
import math
import xml.etree.ElementTree as ElementTree

import pytest
from detailed import detailed
from hypothesis import given
from hypothesis import strategies as st

from ablab.report.scatter import Spot, front, magnitude, scatters
from ablab.result import arms_of


def spot(number, cost, accuracy):
    return Spot(number, f"recipe {number}", 1, cost, accuracy, accuracy - 1, accuracy + 1, 3)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_a_recipe_is_on_the_front_if_none_is_as_cheap_and_better_or_cheaper_and_as_good(points):
    spots = [spot(at, float(cost), float(accuracy)) for at, (cost, accuracy) in enumerate(points)]
    kept = front(spots)
    for one in spots:
        beaten = any(
            (other.cost <= one.cost and other.accuracy > one.accuracy)
            or (other.cost < one.cost and other.accuracy >= one.accuracy)
            or (other.cost == one.cost and other.accuracy == one.accuracy and other.number < one.number)
            for other in spots
        )
        assert (one in kept) == (not beaten)


def test_means_and_costs_are_those_of_the_runs():
    it, runs, _, _ = detailed()
    pictures, sheet = scatters(arms_of(it, runs))
    assert [one["name"] for one in pictures] == ["training, seconds", "MACs an image", "parameters"]
    base = [100 * run.test.accuracy for run in runs if run.spec.recipe == it.base]
    row = next(row for row in sheet.rows if row[:2] == ("parameters", "base"))
    assert row[2] == 82_030
    assert row[3] == pytest.approx(math.fsum(base) / len(base), rel=1e-4)
    assert row[4:7] == (pytest.approx(min(base)), pytest.approx(max(base)), len(base))
    for one in pictures:
        assert len(ElementTree.fromstring(str(one["svg"])).findall("g")) == 5


def test_seconds_of_different_machines_are_not_put_side_by_side():
    it, runs, _, _ = detailed()
    other = dataclasses.replace(runs[0], machine=dataclasses.replace(runs[0].machine, name="bob"))
    pictures, _ = scatters(arms_of(it, [other, *runs[1:]]))
    assert [one["name"] for one in pictures] == ["MACs an image", "parameters"]


@given(st.lists(st.floats(1, 1e15), min_size=5, max_size=5))
def test_any_costs_make_a_picture(costs):
    it, runs, _, _ = detailed()
    by_recipe = dict(zip([recipe.hash for recipe in it.recipes], costs, strict=True))
    changed = [
        dataclasses.replace(run, cost=dataclasses.replace(run.cost, seconds=by_recipe[run.spec.recipe.hash]))
        for run in runs
    ]
    picture = ElementTree.fromstring(str(scatters(arms_of(it, changed))[0][0]["svg"]))
    places = [float(one.get("cx")) for one in picture.iter("circle")]
    assert all(0 <= place <= 340 for place in places)
    assert len(list(picture.iter("text"))) > 5


def test_one_recipe_alone_has_nothing_to_be_compared_with():
    it, runs, _, _ = detailed()
    assert scatters(arms_of(it, [run for run in runs if run.spec.recipe == it.base]))[0] == []
    assert magnitude(999.9) == "999.9"

"""Matrices on the page are those of the runs, colours say their size, and many classes are told by their pairs."""

import dataclasses
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from detailed import CLASSES, detailed, facts
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from ablab.report.confusion import confusions, heat_map, shares, summed
from ablab.result import arms_of, pairs_of


@pytest.fixture(scope="module")
def shown():
    it, runs, verdicts, data = detailed()
    arms = arms_of(it, runs)
    return arms, verdicts, data, list(confusions(arms, verdicts, data))


def test_every_variant_has_base_itself_and_the_difference(shown):
    arms, verdicts, _, found = shown
    assert [one["name"] for one in found] == [arm.name for arm in arms[1:]]
    assert [one["pairs"] for one in found] == [verdict.pairs for verdict in verdicts]
    assert [one["name"] for one in found[0]["maps"]] == ["base", arms[1].name, "difference"]


def test_the_numbers_are_those_of_scikit_learn(shown):
    arms, verdicts, data, found = shown
    pairs = pairs_of(arms[0], arms[1], verdicts[0])
    sides = [np.concatenate([np.frombuffer(pair[side].predictions, "u1") for pair in pairs]) for side in (0, 1)]
    labels = np.tile(data.labels, len(pairs))
    wanted = [100 * confusion_matrix(labels, side, normalize="true") for side in sides]
    for true, given_, base, variant, change in found[0]["sheet"].rows:
        i, j = CLASSES.index(true), CLASSES.index(given_)
        assert base == pytest.approx(wanted[0][i, j], abs=1e-3)
        assert variant == pytest.approx(wanted[1][i, j], abs=1e-3)
        assert change == pytest.approx(wanted[1][i, j] - wanted[0][i, j], abs=1e-3)
    scores = precision_recall_fscore_support(labels, sides[1], average=None)
    for at, (name, images, printed) in enumerate(found[0]["classes"][:10]):
        assert name == CLASSES[at]
        assert images == 40
        assert printed[1::2] == [f"{100 * score[at]:.1f}" for score in scores[:3]]


def test_rows_of_shares_are_whole(shown):
    arms, _, data, _ = shown
    assert shares(summed(arms[0].runs, data)).sum(1) == pytest.approx([100.0] * 10)


@given(arrays.arrays(float, st.integers(1, 14).map(lambda k: (k, k)), elements=st.floats(-100, 100)), st.booleans())
def test_a_map_is_a_picture_whatever_the_numbers_and_the_names(values, is_difference):
    names = ["<b>&\u202e" + "x" * at for at in range(len(values))]
    largest = float(abs(values).max())
    picture = str(heat_map(values, names, title="</svg>", largest=largest, is_difference=is_difference))
    root = ElementTree.fromstring(picture)
    cells = list(root.iter("rect"))
    assert len(cells) == values.size
    assert all(0 <= float(one.get("fill-opacity")) <= 0.9 for one in cells)
    assert "\u202e" not in picture


def test_colour_says_the_sign_and_the_size_of_a_difference():
    values = np.array([[4.0, -4.0], [-2.0, 0.0]])
    root = ElementTree.fromstring(str(heat_map(values, ["a", "b"], title="", largest=4.0, is_difference=True)))
    kinds = [(one.get("class"), float(one.get("fill-opacity"))) for one in root.iter("rect")]
    assert kinds == [("cell more", 0.9), ("cell less", 0.9), ("cell less", 0.45), ("cell less", 0.0)]
    texts = [one.text for one in root.iter("text") if "in" in (one.get("class") or "").split()]
    assert texts == ["+4.0", "-4.0", "-2.0"]  # what rounds to nothing is left empty
    assert "a taken for b: -4.0 points" in [one.text for one in root.iter("title")]


def test_beyond_twenty_classes_only_the_pairs_are_told():
    data = facts(classes=tuple(f"class {at}" for at in range(25)))
    it, runs, verdicts, _ = detailed(data=data)
    found = list(confusions(arms_of(it, runs), verdicts, data))
    assert found[0]["maps"] == ()
    assert found[0]["classes"] == ()
    assert "25 classes have about 16 test images each" in found[0]["note"]
    assert found[0]["mistakes"][0][0][2].endswith("%")
    assert found[0]["changes"]


def test_twenty_classes_have_a_map_without_numbers_in_it():
    data = facts(classes=tuple(f"class {at}" for at in range(20)))
    it, runs, verdicts, _ = detailed(data=data)
    picture = str(next(confusions(arms_of(it, runs), verdicts, data))["maps"][0]["svg"])
    assert not re.search(r'class="in ', picture)
    assert "class 3 right: " in picture


def test_runs_on_other_images_and_runs_without_answers_take_no_part():
    it, runs, verdicts, data = detailed()
    other = dataclasses.replace(data, fingerprint="another")
    assert not list(confusions(arms_of(it, runs), verdicts, other))
    silent = [dataclasses.replace(run, predictions=b"") for run in runs]
    assert not list(confusions(arms_of(it, silent), verdicts, data))

"""Confusion and class by class, against scikit-learn's definitions."""

import zlib

import numpy as np
import pytest
import sklearn.metrics as metrics
from hypothesis import given
from hypothesis import strategies as st

from ablab.errors import StudyError
from ablab.statistics.confusion import (
    class_report,
    confused_pairs,
    confusion,
    mistakes,
    most_confused,
    unpacked,
    unpacked_confusion,
)


def by_hand(labels, answers, classes):
    """Precision, recall and F1 of each class, image by image."""
    found = []
    for one in range(classes):
        hits = sum(t == one == g for t, g in zip(labels, answers, strict=True))
        said, there = sum(g == one for g in answers), sum(t == one for t in labels)
        precision, recall = hits / said if said else 0.0, hits / there if there else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        found.append((precision, recall, f1, there))
    return found


SOME = st.integers(2, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes), st.lists(st.tuples(*[st.integers(0, classes - 1)] * 2), min_size=1, max_size=60)
    )
)


@given(SOME)
def test_every_figure_is_what_counting_gives(case):
    classes, pairs = case
    labels, answers = [t for t, _ in pairs], [g for _, g in pairs]
    report = class_report(confusion(labels, answers, classes))
    expected = by_hand(labels, answers, classes)
    assert [(o.precision, o.recall, o.f1, o.images) for o in report.each] == [pytest.approx(one) for one in expected]
    present = [one for i, one in enumerate(expected) if i in {*labels, *answers}]
    assert report.macro.f1 == pytest.approx(np.mean([one[2] for one in present]))
    assert report.weighted.recall == pytest.approx(np.mean(np.array(labels) == np.array(answers)))


@given(SOME)
def test_it_is_what_scikit_learn_says(case):
    classes, pairs = case
    labels, answers = [t for t, _ in pairs], [g for _, g in pairs]
    report = class_report(confusion(labels, answers, classes))
    for kind, ours in (("macro", report.macro), ("weighted", report.weighted)):
        theirs = metrics.precision_recall_fscore_support(labels, answers, average=kind, zero_division=0)
        assert (ours.precision, ours.recall, ours.f1) == pytest.approx(theirs[:3])
    assert (
        confusion(labels, answers, classes) == metrics.confusion_matrix(labels, answers, labels=range(classes))
    ).all()


def test_predictions_are_one_byte_or_two():
    assert unpacked(b"\x03\x00\x09", 10).tolist() == [3, 0, 9]
    assert unpacked(b"\x2c\x01\x00\x00", 1000).tolist() == [300, 0]


def test_the_pairs_that_were_mistaken_most_come_first():
    matrix = confusion([0, 0, 0, 1, 2, 2], [1, 1, 0, 1, 0, 1], 3)
    assert most_confused(matrix, 2) == [(0, 1, 2), (2, 0, 1)]


def test_the_worst_pairs_are_told_in_words():
    matrix = confusion(list(range(30)), [0] * 30, 30)
    assert confused_pairs(matrix, [f"c{i}" for i in range(30)]).startswith("c1 taken for c0 1 times")


@given(SOME)
def test_the_matrix_holds_every_image_and_a_perfect_run_has_recall_1(case):
    classes, pairs = case
    labels, answers = [t for t, _ in pairs], [g for _, g in pairs]
    assert confusion(labels, answers, classes).sum() == len(pairs)
    each = class_report(confusion(labels, labels, classes)).each
    assert [one.recall for one in each] == [float(i in labels) for i in range(classes)]


@given(SOME, st.randoms(use_true_random=False))
def test_other_numbers_for_the_classes_only_move_their_figures(case, random):
    classes, pairs = case
    order = random.sample(range(classes), classes)
    before = class_report(confusion([t for t, _ in pairs], [g for _, g in pairs], classes))
    after = class_report(confusion([order[t] for t, _ in pairs], [order[g] for _, g in pairs], classes))
    assert tuple(after.each[order[i]] for i in range(classes)) == before.each
    assert after.macro.f1 == pytest.approx(before.macro.f1)


@pytest.mark.parametrize(("labels", "answers"), [([0, 1], [0, 2]), ([0, 2], [0, 1]), ([0, -1], [0, 1]), ([0, 1], [0])])
def test_an_answer_that_is_no_class_is_an_error_and_not_another_row(labels, answers):
    with pytest.raises(StudyError):
        confusion(labels, answers, 2)


def test_mistakes_have_their_share_of_the_true_class():
    first = mistakes(confusion([0, 0, 0, 1], [1, 1, 0, 1], 2))[0]
    assert (first.true, first.given, first.count, first.share) == (0, 1, 2, pytest.approx(2 / 3))


def test_a_matrix_whose_bytes_have_changed_is_an_error():
    whole = zlib.compress(bytes(400))
    assert unpacked_confusion(whole, 10).sum() == 0
    assert unpacked_confusion(zlib.compress(np.arange(4, dtype="<u4").tobytes()), 2).tolist() == [[0, 1], [2, 3]]
    for packed in (whole[:-1], b"", zlib.compress(bytes(404)), zlib.compress(bytes(10**8))):
        with pytest.raises(StudyError, match="a confusion matrix of 10 classes is damaged"):
            unpacked_confusion(packed, 10)

"""Matrices are those of the runs, and many classes are told by their pairs."""

import dataclasses
import zlib

import numpy as np
import pytest
from detailed import CLASSES, detailed, facts
from simulated import result
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from ablab.errors import DataError, InputError
from ablab.report.chart import Multiples
from ablab.report.section import Fold, Heading, Paragraph, flat
from ablab.report.sections.classes import answers, classes, maps_of, shares, summed


def made(runs=None, data=None, of=None):
    it, every, verdicts, known = detailed(data=of)
    return result(it, runs or every, verdicts, data=data or known)


@pytest.fixture(scope="module")
def shown():
    return made(), list(classes(made()))


def test_every_variant_has_base_itself_and_the_difference(shown):
    it, parts = shown
    headings = [part for part in parts if isinstance(part, Heading)]
    assert [(one.text, one.note) for one in headings] == [
        (verdict.variant, f"{verdict.pairs} pairs of seeds") for verdict in it.verdicts
    ]
    maps = next(part for part in parts if isinstance(part, Multiples))
    assert [each.name for each in maps.charts] == ["base", "batch norm", "batch norm minus base"]
    assert [each.is_difference for each in maps.charts] == [False, False, True]


def test_the_numbers_are_those_of_scikit_learn(shown):
    it, parts = shown
    pairs = it.pairs(it.verdicts[0])
    sides = [np.concatenate([np.frombuffer(pair[side].predictions, "u1") for pair in pairs]) for side in (0, 1)]
    labels = np.tile(it.data.labels, len(pairs))
    wanted = [100 * confusion_matrix(labels, side, normalize="true") for side in sides]
    maps = next(part for part in parts if isinstance(part, Multiples))
    base, variant, change = (np.array(each.values) for each in maps.charts)
    assert base == pytest.approx(wanted[0], abs=1e-2)
    assert variant == pytest.approx(wanted[1], abs=1e-2)
    assert change == pytest.approx(wanted[1] - wanted[0], abs=1e-2)
    assert len(maps.sheet().rows) == len(CLASSES) ** 2
    scores = precision_recall_fscore_support(labels, sides[1], average=None)
    (table,) = next(part for part in parts if isinstance(part, Fold)).parts
    for at, row in enumerate(table.rows[:10]):
        assert [cell.text for cell in row[:2]] == [CLASSES[at], "40"]
        assert [cell.text for cell in row[3::2]] == [f"{100 * score[at]:.1f}" for score in scores[:3]]


def test_validation_and_training_images_follow_where_every_run_kept_their_matrices():
    it = made()
    counts = 5 * np.eye(10, dtype="<u4")
    kept = {part: zlib.compress(counts.tobytes()) for part in ("validation", "training")}
    runs = [dataclasses.replace(run, confusions=kept) for arm in it.arms for run in arm.runs]
    folds = [part for part in classes(made(runs)) if isinstance(part, Fold) and part.title.startswith("Confusion")]
    assert [fold.title for fold in folds[:2]] == [
        "Confusion matrices of validation images",
        "Confusion matrices of training images",
    ]
    assert np.array(folds[0].parts[0].charts[0].values) == pytest.approx(100 * np.eye(10))
    one_without = [dataclasses.replace(runs[0], confusions={}), *runs[1:]]
    assert len([part for part in classes(made(one_without)) if isinstance(part, Fold)]) < len(
        [part for part in classes(made(runs)) if isinstance(part, Fold)]
    )
    with pytest.raises(InputError, match="older versions did not"):
        maps_of(it.arms, it.data, "training")


def test_rows_of_shares_are_whole(shown):
    it, _ = shown
    assert shares(summed(it.arms[0].runs, it.data)).sum(1) == pytest.approx([100.0] * 10)


def test_beyond_twenty_classes_only_the_pairs_are_told():
    parts = tuple(classes(made(of=facts(classes=tuple(f"class {at}" for at in range(25))))))
    assert not [part for part in parts if isinstance(part, Multiples | Fold)]
    note = next(part for part in parts if isinstance(part, Paragraph))
    assert "25 classes have about 16 test images each" in note.text
    tables = [part for part in flat(parts) if hasattr(part, "rows")]
    assert tables[0].rows[0][2].text.endswith("%")
    assert tables[2].title == "Changed most"


def test_runs_on_other_images_and_runs_without_answers_take_no_part():
    _, runs, _, data = detailed()
    assert not list(classes(made(data=dataclasses.replace(data, fingerprint="another"))))
    silent = [dataclasses.replace(run, predictions=b"") for run in runs]
    assert not list(classes(made(silent)))
    with pytest.raises(InputError, match="predictions for these test images"):
        maps_of(made(silent).arms, data)


def test_all_recipes_that_are_asked_for_are_in_one_chart_as_far_as_they_can_be_told_apart():
    it = made()
    chart = maps_of(it.arms[:3], it.data)
    assert [each.name if each else "" for each in chart.charts] == [
        "base",
        "batch norm",
        "batch norm minus base",
        "",
        "crop + flip",
        "crop + flip minus base",
    ]
    assert "base n = 5, batch norm n = 5" in chart.caption
    with pytest.raises(InputError, match="choose up to 3"):
        maps_of(it.arms, it.data)


def test_answers_to_another_number_of_images_are_refused():
    _, runs, _, data = detailed()
    with pytest.raises(DataError, match="are not to these 400 test images"):
        answers(dataclasses.replace(runs[0], predictions=runs[0].predictions[:-1]), data)

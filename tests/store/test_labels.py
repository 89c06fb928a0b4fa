"""The labels of the data themselves stand above those that came with an import."""

import dataclasses

import pytest

from ablab.errors import StoreError
from ablab.records import DataFacts, Measurement
from ablab.store import Store
from ablab.store.care import damages
from ablab.store.labels import contradiction, keep_own
from sample_runs import sample_run

LABELS = (0, 1, 2, 3) * 50
DATA = DataFacts("fingerprint", "pictures", ("a", "b", "c", "d"), LABELS)
SHIFTED = dataclasses.replace(DATA, labels=LABELS[1:] + LABELS[:1])


def run(seed, right, labels=LABELS):
    given = bytes(label if image < right else (label + 1) % 4 for image, label in enumerate(labels))
    return sample_run(seed, predictions=given, test=Measurement(1.2, right / 200, 200))


def test_imported_labels_that_no_run_rests_on_are_replaced_by_those_of_the_data(tmp_path):
    store = Store(tmp_path)
    store.keep_data(SHIFTED)
    store.add(run(0, 120))
    keep_own(store, DATA)
    assert store.data("fingerprint") == DATA
    assert list(damages(store)) == []


def test_runs_that_rest_on_false_labels_are_named_and_once_they_are_gone_the_labels_are_those_of_the_data(tmp_path):
    store = Store(tmp_path)
    store.keep_data(SHIFTED)
    false, true = run(0, 150, SHIFTED.labels), run(1, 120)
    store.add(false)
    store.add(true)
    with pytest.raises(StoreError, match=f"ablab runs rm {false.id}$"):
        keep_own(store, DATA)
    assert [damage.run for damage in damages(store)] == [true.id]
    store.remove_ids([false.id])
    keep_own(store, DATA)
    assert list(damages(store)) == []


def test_other_names_of_classes_give_way_to_those_of_the_data(tmp_path):
    store = Store(tmp_path)
    store.keep_data(dataclasses.replace(DATA, classes=("w", "x", "y", "z")))
    keep_own(store, DATA)
    assert store.data("fingerprint") == DATA


@pytest.mark.parametrize("classes", [4, 300])
def test_predictions_of_one_and_of_two_bytes_are_counted(classes):
    labels = tuple(image % classes for image in range(1200))
    width = 1 if classes <= 256 else 2
    given = b"".join((label if image < 700 else (label + 1) % classes).to_bytes(width, "little")
                     for image, label in enumerate(labels))  # fmt: skip
    data = dataclasses.replace(DATA, classes=tuple(map(str, range(classes))), labels=labels)
    made = sample_run(0, predictions=given, test=Measurement(1.0, 700 / 1200, 1200))
    assert contradiction(made, data) == ""
    worse = dataclasses.replace(made, test=Measurement(1.0, 701 / 1200, 1200))
    assert "700 of 1200" in contradiction(worse, data)


def test_a_run_that_explores_said_nothing_of_test_images():
    explored = run(0, 120)
    explored = dataclasses.replace(explored, spec=dataclasses.replace(explored.spec, explores=True))
    assert contradiction(explored, SHIFTED) == ""

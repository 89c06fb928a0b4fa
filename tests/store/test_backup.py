"""A backup is a store of its own with all that was in the first one at that moment."""

import hashlib
import shutil

import pytest

from ablab.errors import AblabError, InputError
from ablab.records import DataFacts, StudyText
from ablab.store import Store
from ablab.store.backup import back_up
from ablab.store.care import damages
from ablab.store.claims import Claims
from sample_runs import sample_run

LABELS = (1, 2, 3, 4) * 50
RUNS = [sample_run(seed, 1.0, predictions=bytes(LABELS)) for seed in range(3)]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    store.keep_data(DataFacts("fingerprint", "pictures", ("a", "b", "c", "d", "e"), LABELS))
    store.keep_study(StudyText("plan", "name", "text", "fingerprint", 2))
    for run in RUNS:
        store.add(run)
    weights = store.folder / "weights"
    weights.mkdir()
    (weights / f"{RUNS[0].id}.safetensors").write_bytes(b"weights")
    (weights / f"{RUNS[0].id}.safetensors.sha256").write_text(hashlib.sha256(b"weights").hexdigest())
    (weights / "of nobody.safetensors").write_bytes(b"weights")
    return store


def test_the_copy_has_all_that_was_there_and_needs_nothing_of_the_first(store, tmp_path):
    expected = store.runs(), store.studies(), store.data("fingerprint"), store.listing(everything=True)
    with Claims(store) as claims:
        claims.take(["on its way"])
        made = back_up(store, tmp_path / "copy")
    store.connection.close()
    shutil.rmtree(store.folder)
    copy = Store(tmp_path / "copy")
    assert (copy.runs(), copy.studies(), copy.data("fingerprint"), copy.listing(everything=True)) == expected
    assert list(damages(copy)) == []
    assert (made.runs, made.damages) == (3, ())
    assert sorted(path.name for path in (copy.folder / "weights").iterdir()) == [
        f"{RUNS[0].id}.safetensors",
        f"{RUNS[0].id}.safetensors.sha256",
    ]
    assert Claims(copy).of_others(["on its way"]) == []
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_damage_is_copied_and_told(store, tmp_path):
    (name,) = store.connection.execute("SELECT DISTINCT predictions FROM runs").fetchone()
    path = store.artifacts / name[:2] / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert {damage.run for damage in back_up(store, tmp_path / "copy").damages} == {
        damage.run for damage in damages(store)
    }


def test_nothing_that_is_there_is_overwritten(store, tmp_path):
    for place in (store.folder, tmp_path / "store" / "store.sqlite"):
        with pytest.raises(InputError, match="already exists"):
            back_up(store, place)


def test_a_folder_that_cannot_be_written_is_a_message_and_nothing_is_left(store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AblabError, match="cannot be written"):
        back_up(store, tmp_path / "file" / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "store"]

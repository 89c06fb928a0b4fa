"""Damage is found wherever it is, with the run that it hurts; what nobody needs goes, and nothing else."""

import hashlib
import os
import sqlite3
import time

import pytest

from ablab.records import DataFacts, StudyText
from ablab.store import Store
from ablab.store.care import clean, damages, unneeded
from sample_runs import sample_run

DATA = DataFacts("fingerprint", "pictures", ("a", "b"), (0, 1) * 100)
RUNS = [sample_run(seed, 0.5 * (seed < 2), predictions=bytes([seed] * 200)) for seed in range(3)]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    store.keep_data(DATA)
    store.keep_study(StudyText("plan", "name", "text", "fingerprint", 2))
    for run in RUNS:
        store.add(run)
    store.tag([RUNS[1].id], add=["kept"])
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / f"{RUNS[1].id}.safetensors").write_bytes(b"weights")
    (weights / f"{RUNS[1].id}.safetensors.sha256").write_text(hashlib.sha256(b"weights").hexdigest() + "  name\n")
    return store


def artifact(store, run):
    with store.reading() as connection:
        (name,) = connection.execute("SELECT predictions FROM runs WHERE id = ?", (run.id,)).fetchone()
    return store.artifacts / name[:2] / name


def flip(path, at=-1):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_store_that_is_as_it_was_written_has_no_damage(store):
    assert list(damages(store)) == []


def test_a_flipped_bit_in_an_artifact_names_the_run_that_it_hurts(store):
    flip(artifact(store, RUNS[1]))
    (damage,) = damages(store)
    assert damage.run == RUNS[1].id
    assert "changed since it was written" in damage.what


def test_an_artifact_that_is_gone_names_its_run(store):
    artifact(store, RUNS[2]).unlink()
    assert [damage.run for damage in damages(store)] == [RUNS[2].id]


def test_a_flipped_bit_in_weights_names_their_run(store):
    flip(store.folder / "weights" / f"{RUNS[1].id}.safetensors")
    assert [damage.run for damage in damages(store)] == [RUNS[1].id]
    (store.folder / "weights" / f"{RUNS[1].id}.safetensors.sha256").unlink()
    assert [damage.run for damage in damages(store)] == [RUNS[1].id]


@pytest.mark.parametrize(
    ("statement", "hurt"),
    [
        ("UPDATE runs SET record = replace(record, '0.5', '0.9') WHERE seed = 0", RUNS[0].id),
        ("UPDATE runs SET seed = 9 WHERE seed = 0", RUNS[0].id),
        ("UPDATE runs SET predictions = (SELECT predictions FROM runs WHERE seed = 1) WHERE seed = 2", RUNS[2].id),
        ("UPDATE facts SET accuracy = 0.99 WHERE id = (SELECT id FROM runs WHERE seed = 1)", RUNS[1].id),
        ("DELETE FROM facts WHERE id = (SELECT id FROM runs WHERE seed = 1)", RUNS[1].id),
        ("UPDATE tags SET tag = 'other'", RUNS[1].id),
        ("UPDATE recipes SET keys = replace(keys, '0.05', '0.15')", None),
        ('UPDATE data SET classes = \'["b", "a"]\'', None),
        ("UPDATE studies SET text = 'other'", None),
        ("UPDATE ledger SET comparisons = 1", None),
    ],
)
def test_a_changed_value_in_the_database_is_found(store, statement, hurt):
    with sqlite3.connect(store.file) as connection:
        connection.execute(statement)
    connection.close()
    assert [damage.run for damage in damages(store)] == [hurt]


def test_labels_that_have_changed_are_found(store):
    with store.reading() as connection:
        (name,) = connection.execute("SELECT labels FROM data").fetchone()
    flip(store.artifacts / name[:2] / name)
    (damage,) = damages(store)
    assert "fingerprint" in damage.what


def test_nothing_is_unneeded_in_a_store_that_is_in_use(store):
    (store.folder / "checkpoints").mkdir()
    (store.folder / "checkpoints" / "notdoneyet00.checkpoint").write_bytes(b"1")
    (store.folder / "weights" / "justtrained0.safetensors").write_bytes(b"1")
    (store.artifacts / ".half.tmp").write_bytes(b"1")
    assert unneeded(store) == []


def test_what_no_run_needs_is_removed_and_the_rest_stays(store):
    theirs = artifact(store, RUNS[1])
    store.remove(RUNS[1])
    (store.folder / "checkpoints").mkdir()
    done = store.folder / "checkpoints" / f"{RUNS[0].id}.checkpoint"
    done.write_bytes(b"1")
    old = store.artifacts / ".half.tmp"
    old.write_bytes(b"12")
    weights = store.folder / "weights" / f"{RUNS[1].id}.safetensors"
    yesterday = time.time() - 2 * 86400
    for path in (old, weights, weights.with_name(weights.name + ".sha256")):
        os.utime(path, (yesterday, yesterday))
    found = {file.path for file in unneeded(store)}
    assert found == {theirs, done, old, weights, weights.with_name(weights.name + ".sha256")}
    assert all(path.exists() for path in found)
    assert {file.path for file in clean(store)} == found
    assert not any(path.exists() for path in found)
    assert list(damages(store)) == []
    assert store.runs() == [RUNS[0], RUNS[2]]
    assert store.data("fingerprint") == DATA


def test_an_artifact_that_two_runs_share_stays_for_the_other(store):
    twin = sample_run(9, predictions=RUNS[0].predictions)
    store.add(twin)
    store.remove(RUNS[0])
    assert clean(store) == []
    assert store.run(twin.id) == twin


def test_predictions_that_do_not_give_the_accuracy_are_found(store):
    lucky = sample_run(7, 0.75, predictions=bytes([1] * 200))
    store.add(lucky)
    (found,) = damages(store)
    assert found.run == lucky.id
    assert "75.00 %" in found.what
    assert "100 of 200" in found.what

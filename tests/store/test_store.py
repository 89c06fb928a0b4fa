"""The store loses nothing, changes nothing and notices damage."""

import base64
import contextlib
import sqlite3
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from ablab.errors import InputError, StoreError
from ablab.records import DataFacts, Ledger, StudyText
from ablab.store import Store, artifacts, place
from ablab.store.care import damages
from ablab.store.schema import FACTS, MIGRATIONS, RECIPES, digest, teach
from sample_runs import sample_run as run


def test_a_run_comes_back_as_it_went_in(tmp_path):
    Store(tmp_path).add(run())
    assert Store(tmp_path).runs() == [run()]


def test_a_run_that_is_there_stays_as_it_was(tmp_path):
    store = Store(tmp_path)
    store.add(run())
    store.add(run(status="failed", note="second thoughts"))
    assert store.runs() == [run()]


def test_only_the_runs_that_are_asked_for_are_given(tmp_path):
    store = Store(tmp_path)
    for seed in range(3):
        store.add(run(seed))
    assert store.runs([run(2).id, "not there", run(0).id]) == [run(2), run(0)]


def test_a_run_is_found_by_the_start_of_its_id(tmp_path):
    store = Store(tmp_path)
    store.add(run())
    assert store.run(run().id[:5]) == run()
    for wrong in ("zzz", "", "%"):
        with pytest.raises(InputError):
            store.run(wrong)


def test_a_changed_byte_in_the_database_is_noticed(tmp_path):
    store = Store(tmp_path)
    store.add(run())
    with sqlite3.connect(store.file) as connection:
        connection.execute("UPDATE runs SET record = replace(record, '0.31', '0.91')")
    with pytest.raises(StoreError, match="damaged"):
        Store(tmp_path).runs()


def test_a_changed_byte_in_an_artifact_is_noticed(tmp_path):
    store = Store(tmp_path)
    store.add(run())
    (path,) = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match="changed"):
        store.runs()


def test_an_artifact_comes_back_whole(tmp_path):
    name = artifacts.put(tmp_path, b"bytes" * 1000)
    assert artifacts.get(tmp_path, name) == b"bytes" * 1000


def test_a_newer_store_is_refused(tmp_path):
    store = Store(tmp_path)
    with sqlite3.connect(store.file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer"):
        Store(tmp_path)


@pytest.mark.parametrize("content", [b"not a database, just text " * 50, b"SQLite format 3\0" + b"\xff" * 200])
def test_a_file_that_is_no_store_is_refused_with_its_name(tmp_path, content):
    (tmp_path / "store.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match="store.sqlite"):
        Store(tmp_path)


def test_a_store_that_must_exist_is_not_created(tmp_path):
    with pytest.raises(InputError, match="no store"):
        Store(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_store_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot open or write"):
        Store(tmp_path / "file" / "store")


def test_the_place_is_what_was_given_then_the_environment_then_the_folder(monkeypatch):
    monkeypatch.delenv("ABLAB_STORE", raising=False)
    assert str(place(None)) == ".ablab"
    monkeypatch.setenv("ABLAB_STORE", "elsewhere")
    assert str(place(None)) == "elsewhere"
    assert str(place("given")) == "given"


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from sample_runs import sample_run as run
from ablab.store import Store
store = Store(Path({folder!r}))
for seed in range({first}, {first} + 40):
    store.add(run(seed))
"""


@pytest.mark.slow
@pytest.mark.faults
def test_processes_that_write_at_once_lose_nothing(tmp_path):
    tests = str(Path(__file__).parent.parent)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER.format(tests=tests, folder=str(tmp_path), first=first)])
        for first in (0, 20, 40, 60)  # half of each writer's runs are another's as well
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    assert sorted(run.spec.seed for run in Store(tmp_path).runs()) == list(range(100))


def test_a_study_is_kept_once(tmp_path):
    store = Store(tmp_path)
    for _ in range(2):
        store.keep_study(StudyText("plan", "name", "text", "fingerprint", 2))
    assert store.studies() == [StudyText("plan", "name", "text", "fingerprint", 2)]


def test_the_labels_of_a_test_set_come_back(tmp_path):
    data = DataFacts("fingerprint", "name", ("cat", "dog"), (0, 1, 1, 0, 70_000))
    Store(tmp_path).keep_data(data)
    assert Store(tmp_path).data("fingerprint") == data
    assert Store(tmp_path).data("another") is None


def test_the_ledger_counts_studies_and_comparisons_on_the_same_test_images(tmp_path):
    store = Store(tmp_path)
    for plan, data, comparisons in (("p1", "a", 2), ("p2", "b", 5), ("p3", "a", 3), ("p1", "a", 2), ("p4", "a", 1)):
        store.keep_study(StudyText(plan, "name", "text", data, comparisons))
    assert store.ledger("p1") == Ledger(1, 1, 2)
    assert store.ledger("p3") == Ledger(2, 3, 5)
    assert store.ledger("p4") == Ledger(3, 6, 6)
    assert store.ledger("p2") == Ledger(1, 1, 5)
    assert store.ledger("p9") is None
    assert str(store.ledger("p3")) == "In this store, this is the second study on this test set (5 comparisons so far)"


OLD_RECORD = run().to_json().replace('"certainty":"",', "").replace(base64.b64encode(run().predictions).decode(), "")


OLD_LABELS = tuple(given * (image < 62) for image, given in enumerate(run().predictions))  # 31 % of 200 are right


def old_store(folder: Path, version: int) -> None:
    """A store as the versions before today's wrote it: one run, one study, one data set."""
    folder.mkdir()
    name = artifacts.put(folder / "artifacts", run().predictions)
    recipe = run().spec.recipe
    row = (run().id, recipe.hash, recipe.model, recipe.data, 0, "finished", OLD_RECORD, name)
    labels = artifacts.put(folder / "artifacts", array("I", OLD_LABELS).tobytes())
    rows = {
        "runs": (*row, digest(*row)),
        "studies": ("plan", "name", "text", "fingerprint"),
        "data": ("fingerprint", "name", '["cat", "dog"]', labels),
        "ledger": ("plan", "fingerprint", 1),
    }
    if version > 4:
        rows["studies"] += ("", "")
        rows["data"] += ("null",)
    with contextlib.closing(sqlite3.connect(folder / "store.sqlite")) as connection, connection:
        teach(connection)
        for step in MIGRATIONS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
        for table, values in rows.items():
            if table == "ledger" and version == 1:
                continue
            values = (*values, digest(*values)) if version > 2 and table != "runs" else values
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
        if version > 2:
            has_digest = version > 3
            connection.execute(
                f"INSERT INTO recipes SELECT *{', digest(hash, keys, changes)' * has_digest} FROM ({RECIPES})"
            )
            connection.execute(f"INSERT INTO facts {FACTS}")  # versions up to 8 have no digest there
            tag = (run().id, "kept")
            connection.execute(
                f"INSERT INTO tags VALUES (?, ?{', ?' * has_digest})", (*tag, digest(*tag))[: 2 + has_digest]
            )


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_store_of_every_older_version_is_brought_to_todays_form_with_all_that_is_in_it(tmp_path, version):
    old_store(tmp_path / "old", version)
    store = Store(tmp_path / "old")
    assert store.studies() == [StudyText("plan", "name", "text", "fingerprint", 1)]
    assert store.ledger("plan") == Ledger(1, 1, 1)
    assert store.data("fingerprint") == DataFacts("fingerprint", "name", ("cat", "dog"), OLD_LABELS)
    assert store.runs() == [run()]
    assert list(damages(store)) == []
    new = Store(tmp_path / "new")
    new.add(run())
    new.tag([run().id] if version > 2 else [], add=["kept"])
    assert store.listing(everything=True) == new.listing(everything=True)
    store.add(run(1))
    assert store.ids() == [run().id, run(1).id]


def test_every_older_version_is_tested():
    assert len(MIGRATIONS) == 9  # one more: old_store and the test above take its number, too


def test_a_run_of_an_older_store_whose_record_is_damaged_does_not_keep_the_others_from_being_read(tmp_path):
    old_store(tmp_path / "old", 2)
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "store.sqlite")) as connection, connection:
        connection.execute("UPDATE runs SET record = substr(record, 3)")
    store = Store(tmp_path / "old")
    store.add(run(1))
    assert [row["id"] for row in store.listing().dicts()] == [run().id, run(1).id]
    assert store.runs([run(1).id]) == [run(1)]


def test_predictions_and_their_certainty_come_back(tmp_path):
    made = run(predictions=bytes(range(200)), certainty=bytes(reversed(range(200))))
    Store(tmp_path).add(made)
    assert Store(tmp_path).runs() == [made]


def test_many_runs_are_given_in_the_order_in_which_they_are_asked_for(tmp_path):
    store = Store(tmp_path)
    for seed in range(5):
        store.add(run(seed))
    asked = [run(seed).id for seed in (3, 1, 4, 1)] + [f"absent{number}" for number in range(1200)] + [run(0).id]
    assert [found.spec.seed for found in store.runs(asked)] == [3, 1, 4, 1, 0]


def test_tags_are_a_persons_own_and_change_nothing_else(tmp_path):
    store = Store(tmp_path)
    store.add(run())
    store.tag([run().id], add=["final", "a.b-c_1", "final"])
    assert store.tags(run().id) == ("a.b-c_1", "final")
    assert store.runs() == [run()]
    store.tag([run().id], remove=["final", "never given"])
    assert store.tags(run().id) == ("a.b-c_1",)
    for wrong in ("", "two words", "-dash", "x" * 41, "a,b"):
        with pytest.raises(InputError, match="is not a tag"):
            store.tag([run().id], add=[wrong])
    store.remove(run())
    store.add(run())
    assert store.tags(run().id) == ()


def test_a_tag_on_a_run_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="nothing was written"):
        Store(tmp_path).tag(["not there"], add=["final"])


@pytest.mark.parametrize("change", ["number = 9 - number", "comparisons = 1", "fingerprint = 'other'"])
def test_a_ledger_whose_order_or_counts_have_changed_is_refused(tmp_path, change):
    store = Store(tmp_path)
    for plan, comparisons in (("p1", 2), ("p2", 3)):
        store.keep_study(StudyText(plan, "name", "text", "fingerprint", comparisons))
    with store.writing() as connection:
        connection.execute(f"UPDATE ledger SET {change}")
    with pytest.raises(StoreError, match="the ledger entry of plan p. is damaged"):
        store.ledger("p2")


def test_studies_can_be_asked_for_by_their_text(tmp_path):
    store = Store(tmp_path)
    kept = [
        StudyText(f"plan{n}", f"s{n}", f"text {n % 2}", "f", 2, "d", "default", n, f"2026-01-0{n}") for n in (1, 2, 3)
    ]
    for study in kept:
        store.keep_study(study)
    assert store.studies("text 1") == [kept[0], kept[2]] == [one for one in store.studies() if one.text == "text 1"]
    assert store.studies("no such text") == []
    assert [store.locked(study.plan) for study in kept] == [study.locked for study in kept]
    assert store.locked("no such plan") == ""

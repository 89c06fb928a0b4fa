"""A run has one claimer at a time, and a claim ends with the process that holds it."""

import dataclasses
import os
import sqlite3
import subprocess
import sys

import pytest

from ablab.store import Store, claims
from ablab.store.claims import Claims, birth
from sample_runs import sample_run

CLAIM_AND_DIE = """
import os, sys
from ablab.store import Store
from ablab.store.claims import Claims
Claims(Store(sys.argv[1])).take(["a", "b"], 2)
os._exit(9)
"""


def test_a_run_is_claimed_once_and_others_are_given_what_is_left(tmp_path):
    first, second = Claims(Store(tmp_path)), Claims(Store(tmp_path))
    with first, second:
        assert first.take(["a", "b", "c"], 2) == ["a", "b"]
        assert second.take(["a", "b", "c"], 2) == ["c"]
        assert first.take(["a", "b", "c"], 2) == []


def test_a_stored_run_is_not_claimed_and_storing_it_ends_its_claim(tmp_path):
    run, store = sample_run(), Store(tmp_path)
    with Claims(store) as mine:
        assert mine.take([run.id]) == [run.id]
        store.add(run)
        assert Claims(Store(tmp_path)).of_others([run.id]) == []
        assert Claims(Store(tmp_path)).take([run.id]) == []


def test_claims_are_free_again_when_their_owner_stops(tmp_path):
    with Claims(Store(tmp_path)) as mine:
        mine.take(["a"])
    with Claims(Store(tmp_path)) as other:
        assert other.take(["a"]) == ["a"]


def test_the_claims_of_a_process_that_died_are_taken_over_at_once(tmp_path):
    assert subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, str(tmp_path)], check=False).returncode == 9
    with Claims(Store(tmp_path)) as mine:
        assert mine.of_others(["a", "b"]) == []
        assert mine.take(["a", "b"], 2) == ["a", "b"]


def test_a_process_with_the_number_of_a_dead_one_is_not_its_owner(tmp_path):
    store = Store(tmp_path)
    with Claims(store) as mine, Claims(Store(tmp_path)) as other:
        mine.take(["a"])
        store.connection.execute("UPDATE claims SET birth = '1'")
        assert other.take(["a"]) == ["a"]


def test_an_owner_on_another_machine_is_alive_while_its_claim_beats(tmp_path, monkeypatch):
    store = Store(tmp_path)
    with Claims(store) as there, Claims(Store(tmp_path)) as here:
        there.take(["a"])
        store.connection.execute("UPDATE claims SET place = 'elsewhere'")
        monkeypatch.setattr(claims, "STILL", 0.0)
        assert [str(claim) for claim in here.of_others(["a"])] == [f"process {os.getpid()} on elsewhere"]
        store.connection.execute("UPDATE claims SET beat = beat + 1")
        assert len(here.of_others(["a"])) == 1
        assert here.take(["a"]) == ["a"]  # it has not beaten since


def test_a_claim_beats_while_its_owner_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT", 0.001)
    with Claims(Store(tmp_path)) as mine:
        mine.take(["a"])
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            while connection.execute("SELECT beat FROM claims").fetchone()[0] < 3:
                pass
    assert not any(thread.name == "claims" for thread in claims.threading.enumerate())


def test_a_process_that_is_no_more_has_no_birth():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert birth(process.pid) is not None
        process.kill()
        while birth(process.pid) is not None:
            pass  # until it is a zombie, which counts as dead
    assert birth(process.pid) is None
    assert birth(os.getpid()) == birth(os.getpid())


@pytest.mark.parametrize("column", [field.name for field in dataclasses.fields(claims.Claim)])
def test_a_claim_has_a_column_for_each_of_its_fields(tmp_path, column):
    columns = [row[1] for row in Store(tmp_path).connection.execute("PRAGMA table_info(claims)")]
    assert column in columns

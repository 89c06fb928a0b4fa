"""What a store remembers: when plans were locked, who has judged a run, and which runs were removed."""

import dataclasses

import pytest

from ablab.records import Judged, Origin, StudyText
from ablab.store import Store
from ablab.store.care import damages
from ablab.store.exchange import export, take
from sample_runs import sample_run

EARLY, LATE = "2026-01-01T10:00:00.000+00:00", "2026-02-01T10:00:00.000+00:00"
STUDY = StudyText("plan", "name", "text", "fingerprint", 1, locked=EARLY)


def run(seed=0, time=EARLY, **changes):
    return sample_run(seed, origin=Origin(time, "0.1.0"), **changes)


def test_a_plan_is_locked_once(tmp_path):
    store = Store(tmp_path)
    store.keep_study(STUDY)
    store.keep_study(dataclasses.replace(STUDY, locked=LATE))
    assert Store(tmp_path).locked("plan") == EARLY
    assert store.studies() == [STUDY]
    assert store.locked("another") == ""


def test_a_plan_that_an_older_version_began_is_not_locked_again_by_going_on(tmp_path):
    store = Store(tmp_path)
    store.keep_study(dataclasses.replace(STUDY, locked=""))
    store.keep_study(dataclasses.replace(STUDY, locked=LATE))
    assert store.locked("plan") == ""


def test_a_run_knows_every_plan_that_has_judged_it_and_the_first_is_that_it_was_trained_for(tmp_path):
    store = Store(tmp_path)
    store.add(run(plan="first"))
    store.judge([Judged(run().id, "second", LATE), Judged(run().id, "first", LATE)])
    assert store.judged([run().id, "absent"]) == [Judged(run().id, "first", EARLY), Judged(run().id, "second", LATE)]
    (row,) = store.listing().dicts()
    assert row["judged"] == "first second"
    assert row["plan"] == "first"


def test_of_a_run_that_was_removed_its_result_its_judges_and_the_reason_stay(tmp_path):
    store = Store(tmp_path)
    store.add(run(3, accuracy=0.125, plan="first"))
    store.remove_ids([run(3).id, "absent"], why="the disk was full")
    (grave,) = store.removed()
    assert (grave.run, grave.seed, grave.accuracy, grave.status) == (run(3).id, 3, 0.125, "finished")
    assert (grave.plans, grave.why, grave.ended) == (("first",), "the disk was full", EARLY)
    assert grave.time > EARLY
    assert store.ids() == []
    store.add(run(3, accuracy=0.25))
    store.remove(run(3))
    assert [one.accuracy for one in store.removed()] == [0.125, 0.25]
    assert list(damages(store)) == []


def test_what_a_store_remembers_goes_along_with_the_runs_and_is_added_to_what_is_there(tmp_path):
    theirs, ours = Store(tmp_path / "theirs"), Store(tmp_path / "ours")
    theirs.keep_study(STUDY)
    for seed in (0, 1):
        theirs.add(run(seed, plan="plan"))
    theirs.judge([Judged(run(0).id, "second", LATE)])
    theirs.remove_ids([run(1).id], why="an outlier")
    export(theirs, theirs.ids(), tmp_path / "runs.ablab")
    ours.add(run(0))
    ours.judge([Judged(run(0).id, "third", LATE)])
    for _ in range(2):
        take(ours, tmp_path / "runs.ablab")
    assert {one.plan for one in ours.judged([run(0).id])} == {"plan", "second", "third"}
    assert [(one.run, one.why) for one in ours.removed()] == [(run(1).id, "an outlier")]
    assert ours.studies() == [STUDY]
    assert ours.locked("plan") == EARLY


def test_a_run_that_was_refused_brings_no_judges(tmp_path):
    theirs, ours = Store(tmp_path / "theirs"), Store(tmp_path / "ours")
    theirs.add(run(0, accuracy=0.5, plan="plan"))
    export(theirs, theirs.ids(), tmp_path / "runs.ablab")
    ours.add(run(0, accuracy=0.25))
    assert take(ours, tmp_path / "runs.ablab").refused
    assert ours.judged([run(0).id]) == []


@pytest.mark.parametrize(
    "change",
    ["UPDATE judged SET plan = 'other'", "UPDATE removed SET accuracy = 0.9", f"UPDATE locks SET time = '{LATE}'"],
)
def test_memory_that_was_changed_by_hand_is_seen(tmp_path, change):
    store = Store(tmp_path)
    store.keep_study(STUDY)
    store.add(run(plan="plan"))
    store.add(run(1, plan="plan"))
    store.remove(run(1))
    assert not list(damages(store))
    with store.writing() as connection:
        connection.execute(change)
    assert list(damages(store))

"""Hand-ins that are honest pass, and each way to cheat is found by the check that is made for it."""

import base64
import json
import re

import pytest

from ablab.errors import InputError
from ablab.grading.hand_in import hand_ins
from ablab.result import look_up
from ablab.store import Store
from ablab.store.exchange import take
from ablab.study import Study
from grading_class import ASSIGNMENT, TEXT, carried_out, graded, handed_in, rewritten, said

pytestmark = pytest.mark.slow


def test_honest_hand_ins_are_in_order_and_a_run_of_them_comes_out_the_same(trained, tmp_path):
    handed_in(trained[0], tmp_path / "ada.ablab")
    handed_in(trained[1], tmp_path / "bob.ablab")
    grades = graded(tmp_path, many=1)
    for one in grades.values():
        assert one.mark == "ok", said(one, "re-run")
        assert (one.runs, len(one.verdicts)) == (6, 1)
        assert one.of("re-run") == "ok"
        assert one.of("verdict") is None  # none was handed in


def test_without_an_assignment_a_hand_in_is_judged_by_its_own_plan(ada):
    assert graded(ada.parent, assigned=())["ada"].mark == "ok"


def test_a_bad_seed_that_was_left_out_is_missing(ada):
    seen = []

    def without(kind, content):
        if kind == "run" and content["run"]["wanted"]["seed"] == 1:
            seen.append(content["id"])
            return None
        return content

    rewritten(ada, without)
    found = graded(ada.parent)["ada"]
    assert found.of("runs") == "wrong"
    assert "base seed 1" in said(found, "runs")
    assert "batch norm seed 1" in said(found, "runs")


def test_a_run_that_was_removed_and_trained_again_is_there_for_a_person_to_look_at(trained, tmp_path):
    store = Store(tmp_path / "store")
    take(store, handed_in(trained[0], tmp_path / "first.ablab"))
    run = store.runs()[0]
    store.remove_ids([run.id], "power cut")
    store.add(run)
    (tmp_path / "first.ablab").unlink()
    handed_in(store, tmp_path / "ada.ablab")
    found = graded(tmp_path)["ada"]
    assert (found.of("runs"), found.mark) == ("look", "look")
    assert "power cut" in said(found, "runs")


def test_an_accuracy_that_was_edited_contradicts_the_predictions(ada):
    def better(kind, content):
        if kind == "run" and content["run"]["wanted"]["seed"] == 2:
            content["run"]["test"]["accuracy"] = 1.0
        return content

    rewritten(ada, better)
    found = graded(ada.parent)["ada"]
    assert found.of("file") == "wrong"
    assert "it says 100.00 %" in said(found, "file")
    assert found.runs == 4


def test_predictions_that_were_invented_with_their_accuracy_are_found_by_training_again(trained, ada):
    labels = trained[0].data(trained[0].fingerprints()[0]).labels

    def perfect(kind, content):
        if kind == "run":
            content["run"]["test"]["accuracy"] = 1.0
            content["run"]["predictions"] = base64.urlsafe_b64encode(bytes(labels)).decode()
        return content

    rewritten(ada, perfect)
    assert graded(ada.parent)["ada"].of("file") == "ok"
    found = graded(ada.parent, many=1)["ada"]
    assert found.of("re-run") == "wrong"
    assert "predictions must be equal, but they differ" in said(found, "re-run")


def test_labels_that_were_invented_for_true_predictions_are_found_by_training_again(ada):
    def all_right(kind, content):
        if kind == "run":
            content["run"]["test"]["accuracy"] = 1.0
            content["run"]["predictions"] = predictions
        elif kind == "data":
            content["labels"] = list(base64.urlsafe_b64decode(predictions))
        return content

    runs = [json.loads(line)["content"]["run"] for line in ada.read_text().splitlines() if '"kind": "run"' in line]
    predictions = next(run["predictions"] for run in runs if run["wanted"]["seed"] == 0)
    rewritten(ada, lambda kind, content: None if kind == "run" and content["run"]["wanted"]["seed"] else content)
    rewritten(ada, all_right)
    assert graded(ada.parent)["ada"].of("file") == "ok"
    assert graded(ada.parent, many=2)["ada"].of("re-run") == "wrong"


def test_a_plan_with_another_margin_is_named_with_the_difference(trained, tmp_path):
    other = Study.from_toml(TEXT.replace("margin = 5.0", "margin = 0.1"), "assignment.toml")
    carried_out(tmp_path / "store", other)
    handed_in(Store(tmp_path / "store"), tmp_path / "eve.ablab", other)
    found = graded(tmp_path)["eve"]
    assert found.of("plan") == "wrong"
    assert "margin: 5.0 before, now 0.1" in said(found, "plan")


def test_a_plan_that_was_changed_after_its_first_runs_is_found_without_the_assignment(trained, tmp_path):
    store = Store(tmp_path / "store")
    take(store, handed_in(trained[0], tmp_path / "first.ablab"))
    (tmp_path / "first.ablab").unlink()
    other = Study.from_toml(TEXT.replace("margin = 5.0", "margin = 0.1"), "assignment.toml")
    carried_out(tmp_path / "store", other, is_new=True, reuses=True)
    handed_in(store, tmp_path / "eve.ablab", other)
    found = graded(tmp_path, assigned=())["eve"]
    assert found.of("plan") == "wrong"
    assert "margin: 5.0 before, now 0.1" in said(found, "plan")
    assert found.of("lock") == "look"
    assert "6 of 6 runs had results when the plan was locked" in said(found, "lock")


def test_a_lock_that_was_set_back_behind_the_runs_is_found(ada):
    def later(kind, content):
        if kind == "study":
            content["locked"] = "2999-01-01T00:00:00.000+00:00"
        return content

    rewritten(ada, later)
    found = graded(ada.parent)["ada"]
    assert "6 runs ended before the plan was locked" in said(found, "lock")


def test_seeds_other_than_planned_are_said(trained, tmp_path):
    carried_out(tmp_path / "store", Study.from_toml(TEXT + "root = 3\n", "assignment.toml"))
    handed_in(Store(tmp_path / "store"), tmp_path / "eve.ablab")
    found = graded(tmp_path)["eve"]
    assert found.of("plan") == "look"
    assert "from 30000" in said(found, "plan")


def test_runs_that_were_copied_from_a_neighbor_are_named_on_both_sides(trained, tmp_path):
    handed_in(trained[0], tmp_path / "ada.ablab")
    handed_in(trained[1], tmp_path / "bob.ablab")
    (tmp_path / "eve.ablab").write_bytes((tmp_path / "ada.ablab").read_bytes())

    def disguised(kind, content):
        if kind == "run":
            content["run"]["machine"]["name"] = "eve's own"
            content["run"]["origin"]["time"] = "2999-01-01T00:00:00.000+00:00"
        return content

    rewritten(tmp_path / "eve.ablab", disguised)
    grades = graded(tmp_path)
    assert said(grades["eve"], "copies").startswith("6 runs are identical to those of ada")
    assert said(grades["ada"], "copies").startswith("6 runs are identical to those of eve")
    assert grades["bob"].mark == "ok"


def verdicts(store, folder):
    """A hand-in as a folder with the verdicts that `ablab report --json` prints."""
    folder.mkdir()
    handed_in(store, folder / "runs.ablab")
    value = look_up(ASSIGNMENT, store).to_dict()
    (folder / "verdict.json").write_text(json.dumps(value))
    return value


def test_verdicts_that_the_runs_give_are_in_order_and_others_are_named(trained, tmp_path):
    value = verdicts(trained[0], tmp_path / "ada")
    assert graded(tmp_path)["ada"].of("verdict") == "ok"
    value["verdicts"][0]["effect"] += 1
    (tmp_path / "ada" / "verdict.json").write_text(json.dumps(value))
    assert "batch norm: effect" in said(graded(tmp_path)["ada"], "verdict")
    value["verdicts"][0]["word"] = "cures"
    (tmp_path / "ada" / "verdict.json").write_text(json.dumps(value))
    assert 'handed in as "cures"; the runs say' in said(graded(tmp_path)["ada"], "verdict")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"plan": 1}', '{"plan": "x", "verdicts": 5}', "\xff"])
def test_a_file_of_verdicts_that_is_none_is_wrong_and_stops_nothing(trained, tmp_path, text):
    verdicts(trained[0], tmp_path / "ada")
    (tmp_path / "ada" / "verdict.json").write_text(text, "latin-1")
    found = graded(tmp_path)["ada"]
    assert found.of("verdict") == "wrong"
    assert "verdict.json" in said(found, "verdict")


def test_a_report_whose_runs_are_those_of_the_export_is_in_order_and_an_edited_one_is_not(trained, tmp_path):
    from ablab.report.page import page

    (tmp_path / "ada").mkdir()
    handed_in(trained[0], tmp_path / "ada" / "runs.ablab")
    text = page(look_up(ASSIGNMENT, trained[0]), None)
    report = tmp_path / "ada" / "report.html"
    report.write_text(text)
    assert graded(tmp_path)["ada"].of("verdict") == "ok"
    report.write_text(re.sub(r'("predictions_sha256": ?")[0-9a-f]{12}', r"\g<1>000000000000", text, count=1))
    assert "the report and the export disagree about runs" in said(graded(tmp_path)["ada"], "verdict")


def test_a_damaged_file_is_wrong_and_the_others_are_still_checked(trained, ada):
    handed_in(trained[1], ada.parent / "bob.ablab")
    content = bytearray(ada.read_bytes())
    content[len(content) // 2] ^= 1
    ada.write_bytes(bytes(content))
    grades = graded(ada.parent)
    assert grades["ada"].of("file") == "wrong"
    assert grades["bob"].mark == "ok"


def test_single_runs_without_a_study_are_no_hand_in(trained, tmp_path):
    from ablab.store.exchange import export

    export(trained[0], trained[0].ids(), tmp_path / "ada.ablab", [])
    assert "there is no study in this file" in said(graded(tmp_path)["ada"], "file")


def test_a_folder_with_two_exports_or_none_is_wrong(trained, tmp_path):
    for name, many in (("none", 0), ("two", 2)):
        (tmp_path / name).mkdir()
        for number in range(many):
            handed_in(trained[0], tmp_path / name / f"{number}.ablab")
    grades = graded(tmp_path)
    assert "no export" in said(grades["none"], "file")
    assert "2 exports" in said(grades["two"], "file")
    assert not said(grades["two"], "file").startswith("two")  # which stands in front of every line


def test_a_folder_without_hand_ins_says_how_one_is_written(tmp_path):
    with pytest.raises(InputError, match="ablab runs export"):
        hand_ins(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        hand_ins(tmp_path / "nowhere")


def test_a_metric_in_a_python_file_is_not_executed_unless_allowed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "from pathlib import Path\n"
        "from ablab.catalogue import mark\n"
        'Path("executed").touch()\n'
        '@mark("figure", "half", title="half", unit="%", direction="higher")\n'
        "def half(run):\n"
        "    return run.test.accuracy / 2\n"
    )
    study = Study.from_toml(TEXT + 'metric = "own.py:half"\n', "assignment.toml")
    store = carried_out(tmp_path / "store", study)
    (tmp_path / "hand-ins").mkdir()
    handed_in(store, tmp_path / "hand-ins" / "eve.ablab", study)
    (tmp_path / "executed").unlink()
    found = graded(tmp_path / "hand-ins", assigned=())["eve"]
    assert not (tmp_path / "executed").exists()
    assert "--own-code" in said(found, "file")
    assert graded(tmp_path / "hand-ins", assigned=(), own_code=True)["eve"].mark == "ok"

"""ablab grade as a teacher types it: a table, a reason for each mark, JSON, CSV, and an exit code."""

import csv
import json

import pytest
from click.testing import CliRunner

from ablab.cli import command
from ablab.errors import InputError
from grading_class import TEXT, carried_out, handed_in, rewritten

pytestmark = pytest.mark.slow


def invoke(*words):
    result = CliRunner().invoke(command, ["grade", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """What two people trained, each for themselves."""
    return [carried_out(tmp_path_factory.mktemp(name)) for name in ("ada", "eve")]


@pytest.fixture
def folder(stores, tmp_path):
    """An honest hand-in and one without a run, and the assignment beside them."""
    (tmp_path / "assignment.toml").write_text(TEXT)
    (tmp_path / "class").mkdir()
    handed_in(stores[0], tmp_path / "class" / "ada.ablab")
    eve = handed_in(stores[1], tmp_path / "class" / "eve.ablab")
    left_out = next(iter(stores[0].ids()))
    rewritten(eve, lambda kind, content: None if kind == "run" and content["id"] == left_out else content)
    return tmp_path / "class"


def test_a_class_is_a_table_with_reasons_and_ends_with_1_where_something_is_wrong(folder):
    done = invoke(folder, "--study", folder.parent / "assignment.toml", "--rerun", "1")
    assert done.exit_code == 1
    lines = {line.split()[0]: line.split() for line in done.output.splitlines() if line.strip()}
    head = lines["hand-in"]
    assert head[1:] == ["trained", "file", "plan", "lock", "runs", "verdict", "copies", "re-run", "in", "all"]
    assert lines["ada"][1:] == ["6", "ok", "ok", "ok", "ok", "–", "ok", "ok", "ok"]
    assert "eve: runs: wrong: the plan needs 1 run more before it decides" in done.output
    assert "2 hand-ins checked: 1 has errors" in done.output
    assert done.output.splitlines()[-1].startswith(f"next: ablab grade {folder} --study")
    (folder / "eve.ablab").unlink()
    assert invoke(folder, "--study", folder.parent / "assignment.toml").exit_code == 0


def test_json_and_csv_have_every_mark_and_every_reason(folder):
    value = {one["hand_in"]: one for one in json.loads(invoke(folder, "--json").output)}
    assert (value["ada"]["mark"], value["eve"]["mark"]) == ("ok", "wrong")
    assert {it["check"] for it in value["ada"]["findings"]} == {"file", "plan", "lock", "runs", "copies"}
    assert set(value["ada"]["verdicts"]) == {"batch norm"}
    rows = {row["hand_in"]: row for row in csv.DictReader(invoke(folder, "--csv").output.splitlines())}
    assert (rows["ada"]["trained"], rows["ada"]["in_all"]) == ("6", "ok")
    assert "the plan needs 1 run more" in rows["eve"]["why"]


def test_a_folder_without_hand_ins_and_two_formats_at_once_are_wrong_input(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no hand-in here"):
        invoke(tmp_path / "empty")
    assert invoke(folder, "--json", "--csv").exit_code == 2

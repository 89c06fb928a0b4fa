"""What a terminal is shown is no wider than it and has colours; what goes elsewhere has neither."""

import dataclasses
import io
import sys

from ablab.recipe import Recipe
from ablab.report.runs import listed
from ablab.report.sections.accuracies import verdict_table
from ablab.report.table import Cell, table
from ablab.report.terminal.screen import facts_text, on_screen
from ablab.study import Rule, Study, Variant, decide, plan
from sample_runs import sample_run

NAME = "a name that is longer than the screen is wide, by far"
TABLE = table("t", ["name", "word"], [[NAME, Cell("helps", "helps")]])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def look_at(monkeypatch, columns=40):
    """From here on, a person looks at what is printed; a fixture would come before pytest has put its own output in."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_is_shown_colours_and_folded_names(monkeypatch):
    look_at(monkeypatch)
    lines = on_screen(TABLE).splitlines()
    assert len(lines) > 3
    assert "\x1b[1;32mhelps\x1b[0m" in lines[2]


def test_a_terminal_without_colours_is_shown_none(monkeypatch):
    look_at(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    shown = on_screen(TABLE)
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) <= 40


def test_a_narrow_screen_shows_the_verdict_and_names_the_columns_that_it_has_no_room_for(monkeypatch):
    look_at(monkeypatch, columns=80)
    monkeypatch.setenv("NO_COLOR", "1")
    base, wide = Recipe(), Recipe().with_("norm=batch augment=crop(4)")
    study = Study("?", base, (Variant("batch norm, cropped", wide, "norm=batch augment=crop(4)"),), Rule(seeds=(3, 3)))
    runs = [sample_run(seed, 0.3 + 0.02 * (recipe is wide), recipe) for seed in range(3) for recipe in (base, wide)]
    made = dataclasses.replace(verdict_table(decide(plan(study, "fingerprint"), runs).verdicts, runs), caption="")
    lines = on_screen(made).splitlines()
    assert lines[0].split()[-1] == "verdict"
    assert "change" not in lines[0]
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("no room on this screen for: change")
    look_at(monkeypatch, columns=200)
    assert "change" in on_screen(made).splitlines()[0]


def test_a_narrow_list_of_runs_keeps_accuracy_and_status_and_cuts_the_changes(monkeypatch):
    look_at(monkeypatch, columns=80)
    monkeypatch.setenv("NO_COLOR", "1")
    row = {"id": 12 * "a", "model": "simple-nn", "data": 40 * "d", "seed": 0, "epochs": 5, "accuracy": 0.7012}
    row |= {"seconds": 1.5, "status": "finished", "tags": None, "changes": '{"norm": "batch", "augment": "crop(4)"}'}
    head, _, line, *_, note = on_screen(listed([row]), folds=False).splitlines()
    assert head.split() == ["run", "model", "seed", "test", "status", "changes"]
    assert "70.12 %" in line
    assert "finished" in line
    assert note == "no room on this screen for: data, epochs, seconds"


def test_what_is_piped_on_is_plain_and_whole(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    assert on_screen(TABLE).splitlines()[2] == f"{NAME}  helps"


def test_a_path_among_facts_stays_on_one_line(monkeypatch):
    look_at(monkeypatch)
    path = "/somewhere/" + 60 * "x"
    assert facts_text([("store", path)]) == f"store  {path}"

"""What a terminal is shown is no wider than it and has colours; what goes elsewhere has neither."""

import io
import sys

from ablab.report.table import Cell, table
from ablab.report.terminal.screen import facts_text, on_screen

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


def test_what_is_piped_on_is_plain_and_whole(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", "40")
    assert on_screen(TABLE).splitlines()[2] == f"{NAME}  helps"


def test_a_path_among_facts_stays_on_one_line(monkeypatch):
    look_at(monkeypatch)
    path = "/somewhere/" + 60 * "x"
    assert facts_text([("store", path)]) == f"store  {path}"

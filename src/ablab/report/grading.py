"""The hand-ins of a class as a table: a row for each, a column for each check."""

from __future__ import annotations

from collections.abc import Sequence

from ablab.grading.checks import CHECKS
from ablab.grading.grade import Grade
from ablab.report.table import Cell, Kind, Table, table
from ablab.report.wording import shown

KINDS: dict[str | None, Kind] = {"ok": "helps", "look": "open", "wrong": "hurts", None: "faint"}


def grade_table(grades: Sequence[Grade]) -> Table:
    """What each check found, at worst; a dash where it was not made."""
    rows: list[tuple[str | Cell, ...]] = [
        (
            shown(grade.name),
            str(grade.runs),
            *(Cell(grade.of(check) or "–", KINDS[grade.of(check)]) for check in CHECKS),
            Cell(grade.mark, KINDS[grade.mark]),
        )
        for grade in grades
    ]
    return table("grades", ("hand-in", "trained >", *CHECKS, "in all"), rows, map(_record, grades))


def _record(grade: Grade) -> dict[str, object]:
    """The row for programs, with everything that is not in order in words."""
    checks: dict[str, object] = {check: grade.of(check) or "" for check in CHECKS}
    told = "; ".join(f"{it.check}: {it.text}" for it in grade.findings if it.mark != "ok")
    words = "; ".join(f"{variant}: {word}" for variant, word in grade.verdicts)
    return {
        "hand_in": grade.name,
        "trained": grade.runs,
        **checks,
        "in_all": grade.mark,
        "verdicts": words,
        "why": told,
    }


def grade_text(grades: Sequence[Grade]) -> str:
    """A line for each finding that is not in order, hand-in by hand-in; empty where all are."""
    lines = [
        f"{shown(grade.name)}: {it.check}: {it.mark}: {shown(it.text)}"
        for grade in grades
        for it in grade.findings
        if it.mark != "ok"
    ]
    return "\n".join(lines)

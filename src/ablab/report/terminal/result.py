"""A Result as a terminal shows it: the table of verdicts, and what the study says beside them."""

from collections.abc import Iterator
from dataclasses import replace

from ablab.report.section import Part
from ablab.report.sections.effects import verdict_table
from ablab.report.sections.grid import grid
from ablab.report.sections.tuned import tuned
from ablab.report.sections.verdicts import verdicts
from ablab.report.terminal.plain import lines_of
from ablab.report.terminal.screen import on_screen, screen_width
from ablab.result import Result


def result_text(result: Result) -> str:
    """The verdicts as a table and as sentences, then main effects and tuned rates where there are any."""
    width = screen_width() and 100
    lines = [verdicts_on_screen(result), ""] if result.verdicts else []
    lines += [line for part in _parts(result) for line in lines_of(part, width=width)]
    looked = [str(result.ledger)] if result.ledger else []
    return "\n".join([*lines, *looked])


def verdicts_on_screen(result: Result) -> str:
    """The table of verdicts alone."""
    return on_screen(replace(verdict_table(result), caption=""))


def _parts(result: Result) -> Iterator[Part]:
    for section in (verdicts, grid, tuned):
        yield from section(result)

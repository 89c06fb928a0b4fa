"""A Result as a terminal shows it: the table of verdicts, and the sections that have a place there."""

from dataclasses import replace

from ablab.report.section import sections
from ablab.report.sections.accuracies import verdict_table
from ablab.report.terminal.plain import lines_of
from ablab.report.terminal.screen import on_screen, screen_width
from ablab.result import Result


def result_text(result: Result) -> str:
    """The verdicts as a table, then every section that has a place in a terminal."""
    width = screen_width() and 100
    lines = [verdicts_on_screen(result), ""] if result.verdicts else []
    parts = (part for section in sections(result, "terminal") for part in section.parts)
    lines += [line for part in parts for line in lines_of(part, width=width)]
    looked = [str(result.ledger)] if result.ledger else []
    return "\n".join([*lines, *looked])


def verdicts_on_screen(result: Result) -> str:
    """The table of verdicts alone, one for each metric that decides."""
    tables = [
        verdict_table(verdicts, result.runs, explores=result.plan.explores) for verdicts in result.decision.by_metric
    ]
    return "\n\n".join(on_screen(replace(table, caption="")) for table in tables)

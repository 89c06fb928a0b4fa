"""Tables on a terminal, in colors and no wider than it; elsewhere plain text."""

import os
import shutil
import sys
from collections.abc import Iterable

from ablab.report.table import Table, table
from ablab.report.writers import text


def on_screen(table: Table, *, folds: bool = True) -> str:
    """The table as text, in colours where a person looks at it and wants them."""
    return text.write(table, width=screen_width(), has_colours=has_colours(), folds=folds)


def facts_text(facts: Iterable[tuple[str, str]]) -> str:
    """Names with what they are, one a line, however long: a path that is broken cannot be copied."""
    return text.write(table("facts", ("", ""), facts))


def screen_width() -> int | None:
    """The width of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def has_colours() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ

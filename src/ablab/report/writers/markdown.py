"""A table in GitHub's Markdown."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from ablab.catalogue import mark
from ablab.report.table import Cell, Table
from ablab.report.wording import shown


@mark("writer", "markdown")
def write(table: Table) -> str:
    """The table, and its caption as a paragraph below it."""
    lines = [
        _line(escape(head.text) for head in table.heads),
        _line("---:" if head.is_number else "---" for head in table.heads),
        *(_line(map(_cell, row)) for row in table.rows),
    ]
    return "\n".join([*lines, *(["", paragraph(table.caption)] if table.caption else [])])


def escape(text: str) -> str:
    """Text within a line in which no character is markup.

    >>> print(escape("a|b *c* &lt; $x$"))
    a\\|b \\*c\\* \\&lt; \\$x\\$
    """
    text = "".join("\\" + c if c in "\\|*_`<[]~$" else c for c in shown(text))
    return re.sub(r"&(?=#?\w+;)", r"\\&", text)


def paragraph(text: str) -> str:
    """Text that may start a line: it is no heading, list, quotation or rule.

    >>> print(paragraph("- 50 %"), paragraph("1. May"), paragraph("7.5"))
    \\- 50 % 1\\. May 7.5
    """
    return re.sub(r"^(\s*\d*)([#>+-]|(?<=\d)[.)](?=\s|$))", r"\1\\\2", escape(text))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.kind == "strong" and text.strip() == text != "":
        text = f"**{text}**"
    # percent-encoded, nothing in an address ends the link
    is_safe = cell.link.startswith(("#", "https://", "http://"))
    return f"[{text}]({quote(cell.link, safe='#/:?=%.,-_')})" if is_safe else text

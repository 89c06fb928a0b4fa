"""A table in LaTeX, with the lines of booktabs."""

import re
from collections.abc import Iterable

from ablab.catalogue import mark
from ablab.report.table import Cell, Head, Table
from ablab.report.wording import shown

ESCAPES = {
    "\\": r"\textbackslash{}",
    **{c: "\\" + c for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "·": r"$\cdot$",
    "−": "$-$",
    "×": r"$\times$",
    "<": "$<$",
    ">": "$>$",
    "→": r"$\to$",
    "…": r"\dots{}",
}


@mark("writer", "latex")
def write(table: Table) -> str:
    """The table as a tabular; its caption is a comment, since papers have captions of their own."""
    caption = [f"% {shown(table.caption)}"] if table.caption else []
    return "\n".join([*tabular(table), *caption])


def tabular(table: Table) -> list[str]:
    """The lines of the table alone."""
    heads = [_line(escape(head.text) for head in table.heads), r"\midrule"] if table.has_heads else []
    columns = "".join("r" if head.is_number else "l" for head in table.heads)
    return [
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        *heads,
        *(_line(map(_cell, row, table.heads)) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def escape(text: str) -> str:
    """Text in which no character is a command."""
    # Two hyphens in a row would become one dash.
    return re.sub(r"-(?=-)", "-{}", "".join(ESCAPES.get(c, c) for c in shown(text)))


def _line(cells: Iterable[str]) -> str:
    line = " & ".join(cells) + r" \\"
    # at the beginning of a line these would be taken for arguments of the end of the line before
    return f"{{}}{line}" if line[:1] in ("[", "*") else line


def _cell(cell: Cell, head: Head) -> str:
    """A number has the sign that is a minus in print; names and changes stay as they are."""
    text = escape(re.sub(r"(?<![\w=])-(?=\d)", "−", cell.text) if head.is_number else cell.text)
    return rf"\textbf{{{text}}}" if cell.kind == "strong" and text else text

"""A table as aligned text, for terminals and plain files."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.color import ColorSystem
from rich.style import Style

from ablab.catalogue import mark
from ablab.report.style import WORDS
from ablab.report.table import Head, Kind, Table
from ablab.report.wording import shown

GAP = "  "
NARROWEST = 12  # characters that a column of text keeps on a narrow screen
COLOURS: dict[str, str] = {  # in rich's words
    "strong": "bold",
    "faint": "dim",
    "broken": "bold red",
    **{word.kind: word.terminal for word in WORDS.values()},
}


@mark("writer", "text")
def write(table: Table, *, width: int | None = None, has_colours: bool = False, folds: bool = True) -> str:
    """The table, its columns under each other. On a narrow screen long text is folded, or lines are cut."""
    heads = [shown(head.text) for head in table.heads]
    rows = [[shown(cell.text) for cell in row] for row in table.rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    if folds and width:
        widths = _narrowed(widths, table.heads, width)
    kinds: list[list[Kind]] = [[cell.kind if has_colours else "" for cell in row] for row in table.rows]
    lines: list[str] = []
    if table.has_heads:
        lines += _line(heads, widths, table.heads, ["strong" if has_colours else ""] * len(heads), width)
        lines += _line(["─" * width for width in widths], widths, table.heads, [""] * len(heads), width)
    for row, row_kinds in zip(rows, kinds, strict=True):
        lines += _line(row, widths, table.heads, row_kinds, width)
    caption = ["", *textwrap.wrap(shown(table.caption), min(width or 100, 100))] if table.caption else []
    return "\n".join([*lines, *caption])


def _narrowed(widths: Sequence[int], heads: Sequence[Head], width: int) -> list[int]:
    """Widths at which the table fits, as far as folding the widest texts goes."""
    widths = list(widths)
    texts = [at for at, head in enumerate(heads) if not head.is_number]
    while texts and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        widest = max(texts, key=widths.__getitem__)
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _line(
    cells: Sequence[str], widths: Sequence[int], heads: Sequence[Head], kinds: Sequence[Kind], edge: int | None
) -> Iterator[str]:
    """A row; several lines where a cell is wider than its column."""
    folded = [
        [cell] if cell_len(cell) <= width else chop_cells(cell, width)
        for cell, width in zip(cells, widths, strict=True)
    ]
    for at in range(max(map(len, folded))):
        padded = [
            _padded(parts[at] if at < len(parts) else "", width, is_number=head.is_number)
            for parts, width, head in zip(folded, widths, heads, strict=True)
        ]
        line = GAP.join(padded)
        if edge and cell_len(line.rstrip()) > edge:
            yield set_cell_size(line, edge - 1) + "…"
        else:
            coloured = [_coloured(cell, kind) for cell, kind in zip(padded, kinds, strict=True)]
            yield GAP.join(coloured).rstrip()


def _folded(cell: str, width: int) -> list[str]:
    return [cell] if cell_len(cell) <= width else chop_cells(cell, width)


def _padded(cell: str, width: int, *, is_number: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if is_number else cell + space


def _coloured(cell: str, kind: Kind) -> str:
    text = cell.strip()
    if kind not in COLOURS or not text:
        return cell
    return cell.replace(text, Style.parse(COLOURS[kind]).render(text, color_system=ColorSystem.STANDARD))

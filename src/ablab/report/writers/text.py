"""A table as aligned text, for terminals and plain files."""

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.color import ColorSystem
from rich.style import Style

from ablab.catalogue import mark
from ablab.report.style import LOOKS
from ablab.report.table import Head, Kind, Table
from ablab.report.wording import shown, wrapped

GAP = "  "
NARROWEST = 12  # characters that a column of text keeps on a narrow screen
SHORTEST_END = 24  # characters of a last column that are left where lines are cut
COLOURS: dict[str, str] = {  # in rich's words
    "strong": "bold",
    "faint": "dim",
    "broken": "bold red",
    **{word.kind: word.terminal for word in LOOKS.values()},
}


@mark("writer", "text")
def write(table: Table, *, width: int | None = None, has_colours: bool = False, folds: bool = True) -> str:
    """The table, its columns under each other. A narrow screen leaves out spare columns and folds or cuts text."""
    table, left_out = _fitting(table, width, folds=folds) if width else (table, ())
    heads = [shown(head.text) for head in table.heads]
    rows = [[shown(cell.text) for cell in row] for row in table.rows]
    sizes = [max(map(_places, column)) for column in zip(heads, *rows, strict=True)]
    if folds and width:
        sizes = _narrowed(sizes, table.heads, width)
    columns = [(size, head.is_number) for size, head in zip(sizes, table.heads, strict=True)]
    kinds: list[Sequence[Kind]] = [[cell.kind for cell in row] for row in table.rows]
    if table.has_heads:
        rows = [heads, ["─" * size if head else "" for head, size in zip(heads, sizes, strict=True)], *rows]
        kinds = [["strong"] * len(heads), [""] * len(heads), *kinds]
    lines = [
        _cut(line, kinds_of_row if has_colours else (), width)
        for row, kinds_of_row in zip(rows, kinds, strict=True)
        for line in _padded(row, columns)
    ]
    caption = ["", *wrapped(shown(table.caption), width and min(width, 100))] if table.caption else []
    note = ["", *wrapped(f"no room on this screen for: {', '.join(left_out)}", width)] if left_out else []
    return "\n".join([*lines, *note, *caption])


def _fitting(table: Table, width: int, *, folds: bool) -> tuple[Table, Sequence[str]]:
    """The table without the spare columns that a screen has no room for, and the heads of these."""
    least = [_least(table, at, folds=folds) for at in range(len(table.heads))]
    kept = list(range(len(table.heads)))
    spare = sorted((at for at in kept if table.heads[at].spare), key=lambda at: table.heads[at].spare)
    while spare and sum(least[at] for at in kept) + len(GAP) * (len(kept) - 1) > width:
        kept.remove(spare.pop(0))
    heads = tuple(table.heads[at] for at in kept)
    rows = tuple(tuple(row[at] for at in kept) for row in table.rows)
    left_out = [shown(head.text) for at, head in enumerate(table.heads) if at not in kept]
    return replace(table, heads=heads, rows=rows), left_out


def _least(table: Table, column: int, *, folds: bool) -> int:
    """The places that a column needs: a text that can be folded, or cut at the end of its line, needs few."""
    texts = [table.heads[column].text, *(row[column].text for row in table.rows)]
    size = max(_places(shown(text)) for text in texts)
    if table.heads[column].is_number:
        return size
    if folds:
        return min(size, NARROWEST)
    return min(size, SHORTEST_END) if column == len(table.heads) - 1 else size


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


def _padded(row: Sequence[str], columns: Sequence[tuple[int, bool]]) -> Iterator[list[str]]:
    """The cells of a row as wide as their columns; several lines of them where one is wider than that."""
    folded = [_folded(cell, size) for cell, (size, _) in zip(row, columns, strict=True)]
    for parts in itertools.zip_longest(*folded, fillvalue=""):
        yield [
            " " * (size - _places(part)) + part if is_number else part + " " * (size - _places(part))
            for part, (size, is_number) in zip(parts, columns, strict=True)
        ]


def _folded(cell: str, size: int) -> list[str]:
    """Lines of a cell, broken between words where that is possible."""
    if _places(cell) <= size:
        return [cell]
    return [part for line in textwrap.wrap(cell, size) for part in chop_cells(line, size)] or [""]


def _cut(cells: Sequence[str], kinds: Sequence[Kind], edge: int | None) -> str:
    """A line in the colours of its cells; without them where it must be cut."""
    line = GAP.join(cells).rstrip()
    if edge and _places(line) > edge:
        return set_cell_size(line, edge - 1) + "…"
    return GAP.join(map(_coloured, cells, kinds)).rstrip() if kinds else line


def _coloured(cell: str, kind: Kind) -> str:
    text = cell.strip()
    if kind not in COLOURS or not text:
        return cell
    return cell.replace(text, Style.parse(COLOURS[kind]).render(text, color_system=ColorSystem.STANDARD))


def _places(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return len(text) if text.isascii() else cell_len(text)

"""A table as HTML: for pages with our style sheet, and for notebooks, which have none."""

import re
from dataclasses import replace

from markupsafe import Markup

from ablab.catalogue import mark
from ablab.report.style import LOOKS
from ablab.report.table import Cell, Head, Kind, Table
from ablab.report.wording import visible

SIGNS: dict[Kind, str] = {word.kind: word.sign for word in LOOKS.values()}  # so that no colour is needed
COLOURS: dict[Kind, str] = {word.kind: word.anywhere for word in LOOKS.values()}
COLOURS["broken"] = LOOKS["hurts"].anywhere


@mark("writer", "html")
def write(table: Table, *, has_sheet: bool = True, is_tall: bool = False) -> Markup:
    """The table with caption and legend; without a style sheet, alignment and colours stand in the elements."""
    if not has_sheet:
        return _table(table, has_sheet=False)
    name = table.title or f"Table of {table.name}"
    kind = "scroll tall" if is_tall else "scroll"
    parts = [element("div", _table(table, has_sheet=True), kind, tabindex="0", role="group", aria_label=name)]
    if table.caption:
        parts.append(element("p", table.caption, "caption"))
    if meanings := [head for head in table.heads if head.meaning]:
        entries = [element("div", element("dt", one.text) + element("dd", one.meaning)) for one in meanings]
        legend = element("dl", Markup("\n").join(entries), "legend")
        parts.append(element("details", element("summary", "Columns explained") + legend))
    return Markup("\n").join(parts)


def first_rows(table: Table, most: int) -> Table:
    """The table with as many rows as there is room for; where some are left out, its caption says so."""
    if len(table.rows) <= most:
        return table
    note = f"The table lists the first {most:,} of {len(table.rows):,} rows. "
    return replace(table, rows=table.rows[:most], caption=note + table.caption)


def element(tag: str, inside: str, kind: str = "", **attributes: str) -> Markup:
    """An element of a class; what is inside is escaped unless it is markup."""
    named = ({"class": kind} if kind else {}) | {name.replace("_", "-"): text for name, text in attributes.items()}
    written = Markup("").join(Markup(' {}="{}"').format(name, visible(text)) for name, text in named.items())
    return Markup("<{0}{1}>{2}</{0}>").format(tag, written, visible(inside))


def _table(table: Table, *, has_sheet: bool) -> Markup:
    cell = _cell if has_sheet else _styled_cell
    is_first = [at == 0 for at in range(len(table.heads))]
    rows = [element("tr", Markup("").join(map(cell, row, table.heads, is_first))) for row in table.rows]
    heads = Markup("").join(_head(head, has_sheet=has_sheet) for head in table.heads)
    top = [element("thead", element("tr", heads))] if table.has_heads else []
    return element("table", Markup("\n").join([*top, element("tbody", Markup("\n").join(rows))]))


def _head(head: Head, *, has_sheet: bool) -> Markup:
    if not has_sheet:
        return element("th", head.text, style=_side(head))
    text = element("abbr", head.text, title=head.meaning) if head.meaning else head.text
    return element("th", text, "n" if head.is_number else "")


def _cell(cell: Cell, head: Head, is_first: bool) -> Markup:
    """A cell with the classes of the style sheet; the first names its row."""
    kinds = ["n" if head.is_number else "text", *([cell.kind] if cell.kind in ("faint", "broken") else [])]
    text = _with_sign(cell) if cell.kind in SIGNS else _inside(cell)
    if is_first and not head.is_number:
        return element("th", text, " ".join(kinds), scope="row")
    return element("td", text, " ".join(kinds))


def _styled_cell(cell: Cell, head: Head, is_first: bool) -> Markup:
    text = _inside(cell)
    if cell.kind in COLOURS:
        text = element("b", text, style=f"color:{COLOURS[cell.kind]}")
    return element("th" if is_first and not head.text else "td", text, style=_side(head))


def _with_sign(cell: Cell) -> Markup:
    sign = element("span", SIGNS[cell.kind], aria_hidden="true")
    return element("span", Markup("{} {}").format(sign, visible(cell.text)), f"badge {cell.kind}")


def _inside(cell: Cell) -> Markup:
    """The text, isolated from the direction in which another script is written."""
    tag = {"code": "code", "strong": "b"}.get(cell.kind)
    text = element("bdi", cell.text) if tag is None else element(tag, cell.text, dir="auto")
    return element("a", text, href=cell.link) if _is_address(cell.link) else text


def _is_address(link: str) -> bool:
    """A place in the page or the site, a page beside it, or a web page; no other scheme, and // is another site."""
    is_here = link.startswith(("#", "https://", "http://")) or (link[:1] == "/" and link[1:2] not in ("/", "\\"))
    return is_here or re.fullmatch(r"\w[\w .+-]*/[\w.-]+\.html", link) is not None


def _side(head: Head) -> str:
    return f"text-align:{'right' if head.is_number else 'left'}"

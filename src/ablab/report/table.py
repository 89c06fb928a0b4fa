"""A table as a value: cells as a person reads them, and the same rows as they were computed, for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ablab.catalogue import catalogue, find

# how a format that can shows a cell; the last four are the words of a verdict
Kind = Literal["", "strong", "code", "faint", "broken", "helps", "hurts", "same", "open"]


@dataclass(frozen=True)
class Cell:
    """One figure or name of a table."""

    text: str
    kind: Kind = ""
    link: str = ""


@dataclass(frozen=True)
class Head:
    """The head of a column. Numbers stand to the right; the meaning is for a page's legend.

    A narrow screen leaves out columns that have a `spare`, the one with the smallest first.
    """

    text: str
    is_number: bool = False
    meaning: str = ""
    spare: int = 0


@dataclass(frozen=True)
class Table:
    """Rows under heads. Where no head has text, the first column names the rows and the table has no line of heads."""

    name: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    records: tuple[Mapping[str, Any], ...] = ()
    title: str = ""
    caption: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.heads) for row in self.rows):
            raise ValueError(f"table {self.name}: a row does not have the {len(self.heads)} cells of the heads")

    @property
    def has_heads(self) -> bool:
        return any(head.text for head in self.heads)


def table(
    name: str,
    heads: Sequence[str | Head],
    rows: Iterable[Sequence[str | Cell]],
    records: Iterable[Mapping[str, Any]] = (),
    title: str = "",
    caption: str = "",
) -> Table:
    """A table from texts. A head that ends in > is a number's.

    >>> table("runs", ["run", "test >"], [["a1", "62.1 %"]]).heads[1]
    Head(text='test', is_number=True, meaning='', spare=0)
    """
    return Table(
        name,
        tuple(Head(head.removesuffix(" >"), head.endswith(" >")) if isinstance(head, str) else head for head in heads),
        tuple(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows),
        tuple(records),
        title,
        caption,
    )


def formats() -> tuple[str, ...]:
    """The names of all formats that a table can be written in."""
    return tuple(catalogue("report.writers", "writer"))


def write(table: Table, form: str) -> str:
    """The table in a format."""
    return str(find("report.writers", "writer", form).load()(table))

"""Section: one part of a report as values that page, paper, notebook, terminal and dashboard arrange.

A section is one file of the folder `sections` with one marked function, which turns a Result into parts, or as a
"trial section" a TrialResult; with both marks, either. The mark says
its title, its place and the tables that `ablab table` offers; a section without parts is not shown. Every presentation
shows every section, unless the mark says otherwise:

- `absent=("notebook", "terminal")` names the presentations that leave it out: its figures are elsewhere there, or it is
  too long for them, or it needs torch or the test images;
- `is_open=True` keeps it unfolded in a page and in a notebook;
- `is_long=True` says that its tables may have hundreds of rows: a paper has them as files of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ablab.catalogue import Entry, catalogue
from ablab.report.chart import Chart
from ablab.report.table import Table
from ablab.study.sentence import rates
from ablab.trials.result import TrialResult

if TYPE_CHECKING:
    from ablab.report.sections.images import Pictures
    from ablab.result import Result


Presentation = Literal["page", "paper", "notebook", "dashboard", "terminal"]


@dataclass(frozen=True)
class Paragraph:
    """Sentences; `lead` stands before them in bold, and `word` is a verdict's, shown as a badge where there are any."""

    text: str
    kind: Literal["", "small", "caution"] = ""
    lead: str = ""
    word: str = ""
    label: str = ""  # the word with what limits it; empty where nothing does
    headline: str = ""  # the beginning of the text, where a page sets it larger than the rest


@dataclass(frozen=True)
class Heading:
    """What the parts behind it are about."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Code:
    """Text as it is typed, or as it stands in a file."""

    text: str


@dataclass(frozen=True)
class Terms:
    """Words with their meanings."""

    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Beside:
    """Short tables with titles, side by side where there is room."""

    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Fold:
    """Parts that a reader opens, where a format can be folded."""

    title: str
    parts: tuple[Part, ...]


Part = Paragraph | Heading | Code | Terms | Beside | Fold | Table | Chart


@dataclass(frozen=True)
class Section:
    """A part of a report."""

    name: str
    title: str  # none for the parts that every report begins with
    parts: tuple[Part, ...]
    is_open: bool = False
    is_long: bool = False

    def tables(self) -> Iterator[Table]:
        """All tables of it, in their order."""
        return (part for part in flat(self.parts) if isinstance(part, Table))

    def charts(self) -> Iterator[Chart]:
        """All charts of it, in their order."""
        return (part for part in flat(self.parts) if isinstance(part, Chart))


def sections(result: Result | TrialResult, on: Presentation, pictures: Pictures | None = None) -> tuple[Section, ...]:
    """Everything that a presentation says of a result. Only with its test images can some of them be shown."""
    entries = (entry for entry in _entries(_kind(result)) if on not in entry.facts.get("absent", ()))
    made = (_made(entry, result, pictures) for entry in entries)
    return tuple(section for section in made if section.parts)


def table_names(kind: str = "section") -> tuple[str, ...]:
    """The tables that can be had by themselves, in the order of a report: marks of sections name them."""
    return tuple(name for entry in _entries(kind) for name in entry.facts.get("tables", ()))


def table_of(result: Result | TrialResult, name: str) -> Table | None:
    """One table of a result; None where there is nothing for it."""
    return next(tables_of(result, name), None)


def tables_of(result: Result | TrialResult, name: str) -> Iterator[Table]:
    """The tables of this name, each with the learning rates that it holds for: `verdicts`, and `verdicts by loss`."""
    entries = [entry for entry in _entries(_kind(result)) if name in entry.facts.get("tables", ())]
    for made in (table for entry in entries for table in _made(entry, result, None).tables()):
        if not made.rows or not (made.name == name or made.name.startswith(f"{name} by ")):
            continue
        if isinstance(result, TrialResult):
            yield made
            continue
        held = rates(result.study)
        records = tuple({**record, "condition": held} for record in made.records)
        yield replace(made, caption=f"{made.caption} {held}".strip(), records=records)


def _kind(result: Result | TrialResult) -> str:
    return "trial section" if isinstance(result, TrialResult) else "section"


def _entries(kind: str) -> list[Entry]:
    return sorted(catalogue("report.sections", kind).values(), key=lambda entry: entry.facts["place"])


def _made(entry: Entry, result: Result | TrialResult, pictures: Pictures | None) -> Section:
    options = {"pictures": pictures} if "pictures" in entry.options else {}
    facts = {name: entry.facts.get(name, False) for name in ("is_open", "is_long")}
    return Section(entry.name, entry.facts["title"], tuple(entry.load()(result, **options)), **facts)


def flat(parts: tuple[Part, ...]) -> Iterator[Part]:
    """The parts with those that are folded or side by side."""
    for part in parts:
        if isinstance(part, Fold):
            yield from flat(part.parts)
        elif isinstance(part, Beside):
            yield from part.tables
        else:
            yield part

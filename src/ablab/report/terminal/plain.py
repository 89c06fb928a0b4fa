"""The parts of sections as lines of plain text, for terminals and for pages of a PDF."""

from collections.abc import Iterator

from ablab.report.section import Beside, Code, Fold, Heading, Paragraph, Part, Terms
from ablab.report.table import Table
from ablab.report.wording import shown, wrapped
from ablab.report.writers.text import write


def lines_of(part: Part, *, width: int | None = None) -> Iterator[str]:
    """The part with an empty line behind it. Charts have no form as text. Without a width, a sentence is one line."""
    across = width and width - 8
    match part:
        case Paragraph():
            text = shown(f"{part.lead} {part.text}" if part.lead else part.text)
            yield from (*wrapped(text, across, later="  "), "")
        case Heading():
            yield from (shown(f"{part.text} ({part.note})" if part.note else part.text), "")
        case Code():
            yield from (*(f"    {shown(line)}" for line in part.text.splitlines()), "")
        case Terms():
            for term, text in part.terms:
                yield from wrapped(shown(f"{term}: {text}"), across, later="  ")
            yield ""
        case Fold():
            yield from (shown(part.title), "")
            for inner in part.parts:
                yield from lines_of(inner, width=width)
        case Beside():
            for each in part.tables:
                yield from lines_of(each, width=width)
        case Table():
            title = [shown(part.title), ""] if part.title else []
            yield from (*title, *write(part, width=width).splitlines(), "")

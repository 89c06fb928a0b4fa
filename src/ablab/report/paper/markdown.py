"""A report in Markdown, with its pictures as PNG beside it."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.report.paper import pictures
from ablab.report.section import Beside, Code, Fold, Heading, Paragraph, Part, Section, Terms
from ablab.report.table import Table
from ablab.report.wording import shown
from ablab.report.writers.markdown import escape, paragraph, write
from ablab.result import Result
from ablab.trials.result import TrialResult


@mark("paper", "markdown", has_tables_beside_it=True)
def files(result: Result | TrialResult, arranged: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    """REPORT.md and its pictures."""
    drawn = pictures(arranged, "png")
    yield "REPORT.md", document(result.study.question, arranged).encode()
    yield from ((f"{name}.png", content) for name, (_, content) in drawn.items())


def document(title: str, arranged: Sequence[Section]) -> str:
    """Sections below each other, under a title."""
    blocks = [f"# {escape(title)}"]
    for section in arranged:
        blocks += [f"## {section.title}"] if section.title else []
        blocks += [block for part in section.parts for block in _blocks(part)]
    return "\n\n".join(blocks) + "\n"


def _blocks(part: Part) -> Iterator[str]:
    match part:
        case Paragraph():
            lead = f"**{escape(part.lead)}** " if part.lead else ""
            text = lead + (escape(part.text) if lead else paragraph(part.text))
            yield f"- {text}" if part.word else text
        case Heading():
            yield f"### {escape(part.text)}" + (f" ({escape(part.note)})" if part.note else "")
        case Code():
            yield "\n".join(f"    {shown(line)}" for line in part.text.splitlines())
        case Terms():
            yield "\n".join(f"- **{escape(term)}**: {escape(text)}" for term, text in part.terms)
        case Fold():
            yield f"### {escape(part.title)}"
            for inner in part.parts:
                yield from _blocks(inner)
        case Beside():
            for each in part.tables:
                yield from _blocks(each)
        case Table():
            yield from [f"**{escape(part.title)}**"] if part.title else []
            yield write(part)
        case _:
            yield f"![{escape(part.title)}]({part.name}.png)"
            yield paragraph(part.caption)

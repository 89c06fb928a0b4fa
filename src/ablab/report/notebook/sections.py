"""Sections in a notebook: what was found, and the others to be opened. Charts are `plot_effects` and `show`."""

from collections.abc import Iterable, Iterator

from markupsafe import Markup

from ablab.report.section import Beside, Code, Fold, Heading, Paragraph, Part, Section, Terms
from ablab.report.style import LOOKS
from ablab.report.table import Table
from ablab.report.wording import shown
from ablab.report.writers.html import COLOURS, element, first_rows, write

MOST, FEW = 200, 10  # rows of a table, open and folded: a notebook keeps what it shows


def sections_of(several: Iterable[Section]) -> Iterator[Markup]:
    """Each section with its tables and sentences; nothing for one that only has charts."""
    for section in several:
        inside = Markup("").join(_part(part, MOST if section.is_open else FEW) for part in section.parts)
        if inside:
            yield inside if section.is_open else _folded(section.title or section.name, inside)


def _part(part: Part, most: int) -> Markup:
    match part:
        case Paragraph():
            return _paragraph(part)
        case Heading():
            return element("p", element("b", shown(part.text)) + shown(f" {part.note}" if part.note else ""))
        case Code():
            return element("pre", part.text)
        case Terms():
            return Markup("").join(
                element("p", Markup("<b>{}</b>: {}").format(shown(term), shown(text))) for term, text in part.terms
            )
        case Fold():
            return _folded(part.title, Markup("").join(_part(inner, FEW) for inner in part.parts))
        case Beside():
            return Markup("").join(_part(table, most) for table in part.tables)
        case Table():
            title = element("p", element("b", shown(part.title))) if part.title else Markup("")
            limited = first_rows(part, most)
            caption = element("p", shown(limited.caption), style="opacity:.75") if limited.caption else Markup("")
            return title + write(limited, has_sheet=False) + caption
    return Markup("")


def _paragraph(part: Paragraph) -> Markup:
    lead = Markup("<b>{}</b> ").format(shown(part.lead)) if part.lead else Markup("")
    if part.word:
        lead = (
            Markup('<b style="color:{}">{}</b>: ').format(COLOURS[LOOKS[part.word].kind], part.label or part.word)
            + lead
        )
    return Markup('<p style="margin:.2em 0">{}{}</p>').format(lead, shown(part.text))


def _folded(title: str, inside: Markup) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(shown(title), inside)

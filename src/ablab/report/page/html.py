"""The parts of sections as HTML, for pages and for the dashboard: both have the same style sheet."""

from markupsafe import Markup

from ablab.report.draw.svg import figure
from ablab.report.section import Beside, Code, Fold, Heading, Paragraph, Part, Terms
from ablab.report.style import LOOKS
from ablab.report.table import Table
from ablab.report.wording import visible
from ablab.report.writers.html import element, first_rows, write

MOST_ROWS = 1000  # of a table; 200 variants with 1000 seeds would make a page of 30 MB
TALL = 15  # rows from which a table scrolls in a box of its own


def html(part: Part) -> Markup:
    """One part. Every text in it is escaped, and what cannot be seen in it is spelled out."""
    match part:
        case Paragraph():
            return _paragraph(part)
        case Heading():
            note = Markup(" <small>{}</small>").format(visible(part.note)) if part.note else Markup("")
            return Markup("<h3><bdi>{}</bdi>{}</h3>").format(visible(part.text), note)
        case Code():
            return element("pre", part.text, tabindex="0")
        case Terms():
            terms = [element("div", element("dt", term) + element("dd", text)) for term, text in part.terms]
            return element("dl", Markup("\n").join(terms), "legend")
        case Beside():
            tables = [
                Markup("<div><h4>{}</h4>{}</div>").format(visible(each.title), html(each)) for each in part.tables
            ]
            return element("div", Markup("\n").join(tables), "columns")
        case Fold():
            inside = Markup("\n").join(map(html, part.parts))
            return Markup("<details><summary>{}</summary>\n{}\n</details>").format(visible(part.title), inside)
        case Table():
            return write(first_rows(part, MOST_ROWS), is_tall=len(part.rows) > TALL)
    return figure(part)


def _paragraph(part: Paragraph) -> Markup:
    lead = Markup("<strong>{}</strong> ").format(_isolated(part.lead)) if part.lead else Markup("")
    if part.word:
        look = LOOKS[part.word]
        badge = Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>')
        rest = part.text.removeprefix(part.headline) if part.headline else ""
        small = Markup('<span class="rest">{}</span>').format(visible(rest)) if rest else ""
        sentence = Markup('<p dir="auto">{}{}{}</p>').format(lead, visible(part.text.removesuffix(rest)), small)
        return element("div", badge.format(look.kind, look.sign, part.label or part.word) + sentence, "answer")
    if part.kind == "caution":
        lead = Markup('<span aria-hidden="true">⚠</span> ') + lead
    return Markup("<p{}>{}{}</p>").format(
        Markup(' class="{}"').format(part.kind) if part.kind else "", lead, _isolated(part.text)
    )


def _isolated(text: str) -> Markup:
    """Text whose direction changes nothing around it."""
    return element("bdi", text)

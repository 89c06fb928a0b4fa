"""page(): a Result as one HTML file that needs nothing else, and no script to be whole."""

import base64
import hashlib
import importlib.resources
from collections.abc import Sequence

from markupsafe import Markup

from ablab.nouns import counted
from ablab.records import Run
from ablab.report.draw import svg
from ablab.report.page.embedded import figures_json, runs_json
from ablab.report.page.html import html
from ablab.report.section import Section, sections
from ablab.report.sections.images import Pictures
from ablab.report.style import style_sheet
from ablab.report.wording import visible
from ablab.report.writers.html import element
from ablab.result import Result


def page(result: Result, pictures: Pictures | None = None) -> str:
    """The report: one self-contained HTML file, the same to the byte for the same runs in any order.

    With `pictures`, all test images u8[N,C,H,W] or a function from rows to such an array, it shows some of those that
    were mistaken.
    """
    arranged = sections(result, "page", pictures)
    study, runs = result.study, _by_seed(result)
    embedded, count = runs_json(study, runs, result.plan.hash if runs else "")
    charts = {chart.name: chart for section in arranged for chart in section.charts()}
    return framed(
        study.question,
        " · ".join(_over(result)),
        arranged,
        _foot(count, len(runs)),
        embedded,
        figures_json(str(visible(study.name)), charts),
        has_contents=bool(runs),
    )


INSIDE = "-inside"  # ends the id of what is folded in a section
NOTHING = Markup('{"runs": []}'), Markup('{"figures": {}}')


def framed(
    title: str,
    over: str,
    arranged: Sequence[Section],
    foot: str,
    runs: Markup = NOTHING[0],
    figures: Markup = NOTHING[1],
    *,
    has_contents: bool = True,
) -> str:
    """A whole file that shows the sections; `runs` and `figures` are what programs find in it."""
    style, script = sheet(), _file("page.js")
    frame = Markup(_file("page.html"))  # noqa: S704 (our own file)
    text = frame.format(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        over=over,
        question=visible(title),
        contents=_contents(arranged) if has_contents else "",
        body=body(arranged),
        foot=foot,
        runs=runs,
        figures=figures,
    )
    return str(text)


def body(arranged: Sequence[Section]) -> Markup:
    """The sections below each other, those without a title first; a reader unfolds those that are not open."""
    return Markup("\n").join(map(_section, sorted(arranged, key=lambda section: bool(section.title))))


def sheet() -> str:
    """How pages look: the colours of everything, the parts of charts, and the page itself."""
    return f"{style_sheet()}{svg.css()}{_file('page.css')}"


def _contents(arranged: Sequence[Section]) -> Markup:
    """Links to the answer and to every section; to the inside of a folded one, which browsers then unfold."""
    links = [("#main", "Answer")]
    links += [(f"#{section.name}{'' if section.is_open else INSIDE}", section.title) for section in arranged]
    items = Markup("\n").join(Markup('<li><a href="{}">{}</a></li>').format(*link) for link in links if link[1])
    return Markup('<nav class="contents" aria-label="Sections"><ul>\n{}\n</ul></nav>').format(items)


def _section(section: Section) -> Markup:
    inside = Markup("\n").join(map(html, section.parts))
    if not section.title:
        return element("section", inside, id=section.name, aria_label=section.name.capitalize())
    heading = element("h2", section.title)
    if section.is_open:
        return element("section", heading + inside, id=section.name)
    title = element("summary", heading + Markup(" ") + element("small", _holds(section)))
    folded = element("details", title + element("div", inside, id=section.name + INSIDE), "part")
    return element("section", folded, id=section.name)


def _holds(section: Section) -> str:
    """How many figures and tables a folded section has, for a reader who decides whether to unfold it."""
    counts = ((sum(1 for _ in section.charts()), "figure"), (sum(1 for _ in section.tables()), "table"))
    return ", ".join(counted(count, noun) for count, noun in counts if count)


def _over(result: Result) -> list[str]:
    study, runs = result.study, sum(len(arm.runs) for arm in result.arms)
    epochs = study.base.epochs
    return [
        f"study {visible(study.name)}",
        f"data {visible(study.base.data)}",
        f"model {visible(study.base.model)}",
        counted(epochs, "epoch"),
        counted(runs, "run"),
    ]


def _foot(embedded: int, runs: int) -> str:
    if not runs:
        return ""
    some = f"the first {embedded} of the " if embedded < runs else ""
    return (
        "This page contains the study file and the recipes, seeds, data and results of "
        f"{some}{counted(runs, 'run')}, in "
        "the element ablab-runs. To check this report, run ablab verify THIS_PAGE.html --rerun 1, which retrains one "
        "run and compares the results."
    )


def _by_seed(result: Result) -> list[Run]:
    """Every run by seed and then by recipe, so that pairs stand together."""
    return sorted((run for arm in result.arms for run in arm.runs), key=lambda run: run.spec.seed)


def _file(name: str) -> str:
    return (importlib.resources.files(__package__) / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Only this style sheet and this script count, and only pictures that are in the page: nothing is asked for."""
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

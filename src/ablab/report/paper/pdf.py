"""A report as one PDF: pages of text, then a page for each chart."""

import textwrap
from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.report.draw.matplotlib import figure
from ablab.report.picture import Picture, blank, pages, plain, style
from ablab.report.section import Section
from ablab.report.style import SOFT
from ablab.report.terminal.plain import lines_of
from ablab.report.wording import shown
from ablab.result import Result
from ablab.trials.result import TrialResult

PAGE = (8.27, 11.69)  # inches: A4
LINES = 62  # of text on a page
ACROSS = 118  # letters of a line


@mark("paper", "pdf")
def files(result: Result | TrialResult, arranged: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    """report.pdf."""
    lines = [shown(result.study.question)]
    for section in arranged:
        lines += ["", *([section.title.upper(), ""] if section.title else [])]
        lines += [line for part in section.parts for line in lines_of(part, width=ACROSS)]
    wrapped = [each for line in lines for each in (textwrap.wrap(line, ACROSS, drop_whitespace=False) or [""])]
    text = [_text_page(wrapped[at : at + LINES], result.ids, is_first=at == 0) for at in range(0, len(wrapped), LINES)]
    charts = [figure(chart) for section in arranged for chart in section.charts()]
    yield "report.pdf", pages([*text, *charts], shown(result.study.question))


def _text_page(lines: Sequence[str], runs: tuple[str, ...], *, is_first: bool) -> Picture:
    with style():
        page, _ = blank(*PAGE, "")
        for at, line in enumerate(lines):
            is_title = is_first and at == 0
            page.text(
                0.07,
                0.95 - at * 0.0145,
                plain(line),
                family="DejaVu Sans Mono" if not is_title else "DejaVu Sans",
                fontsize=12 if is_title else 7,
                va="top",
            )
        page.text(0.07, 0.03, "ablab", fontsize=7, color=SOFT.light)
    return Picture(page, "Text", "", runs)

"""A published report as a folder: a page, a write-up to fill in, tables, networks, and the report of every study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ablab.atomic import atomic_write, check_writable
from ablab.replication.evidence import Repeated
from ablab.replication.facts import network
from ablab.replication.published_report import PublishedReport
from ablab.report.network import network_table
from ablab.report.page import framed, page
from ablab.report.paper import latex, markdown, write_paper
from ablab.report.replication import of_report
from ablab.report.section import Heading, Paragraph, Part, Section, table_of
from ablab.report.table import Cell, table, write
from ablab.result import Result

TABLES = ("claims", "figures", "counts")
INTRODUCTION = (
    "[Say in two sentences what the report asked and why it matters.] The networks, their parameters and the numbers "
    "below are those of our own runs; every comparison is of pairs of runs with the same seeds."
)
CONCLUSION = "[Say which of the claims stand, which do not, and what an answer to the undecided ones would take.]"


def write_folder(
    report: PublishedReport,
    repeated: Sequence[Repeated],
    folder: Path,
    pictures: Callable[[Result], Any] = lambda _: None,
) -> tuple[Path, ...]:
    """Write everything that the report has, made from our runs. Gives the paths, the one to open first in front."""
    check_writable(folder / "x")
    arranged = of_report(report, repeated)
    title = f"Report {report.letter}: {report.title}"
    studies = tuple(_results(report, repeated))
    files = {
        "index.html": framed(title, f"{report.course} · {report.date}", _linked(arranged, studies), ""),
        "writeup.md": markdown.document(title, _writeup(report, arranged, studies)),
        "writeup.tex": latex.document(title, _writeup(report, arranged, studies)),
        "networks.md": markdown.document(f"The networks of report {report.letter}", tuple(_networks(report))),
        **{
            f"{table.name}.csv": write(table, "csv") + "\n"
            for section in arranged
            for table in section.tables()
            if table.name in TABLES
        },
    }
    for name, text in files.items():
        atomic_write(folder / name, text)
    paths = [folder / name for name in files]
    for result in studies:
        paths += write_paper(result, folder / result.study.name, "markdown")
        paths.append(folder / result.study.name / "report.html")
        atomic_write(paths[-1], page(result, pictures(result)))
    return tuple(paths)


def _results(report: PublishedReport, repeated: Sequence[Repeated]) -> Iterator[Result]:
    """What there is of the report's studies: of each, on each data set, the largest size with an interval."""
    for name in report.studies:
        for there in repeated:
            if there.file == name and (result := there.largest(there.studies[0].named)):
                yield result


def _linked(arranged: Sequence[Section], studies: Sequence[Result]) -> tuple[Section, ...]:
    rows = [
        (Cell(result.study.name, link=f"{result.study.name}/report.html"), result.study.question) for result in studies
    ]
    parts = (
        (table("studies", ("report", "question"), rows),)
        if rows
        else (Paragraph("None of its studies has been run yet."),)
    )
    return (*arranged, Section("studies", "The studies, each with its own report", parts))


def _writeup(report: PublishedReport, arranged: Sequence[Section], studies: Sequence[Result]) -> tuple[Section, ...]:
    by_name = {section.name: section for section in arranged}
    return (
        Section("introduction", "Question", (Paragraph(INTRODUCTION), *by_name["summary"].parts)),
        Section("method", "Method", (*by_name["method"].parts, *_settings(studies))),
        *_networks(report),
        Section("results", "Results", tuple(_findings(studies))),
        *(by_name[name] for name in ("sentences", "figures", "counts")),
        Section("conclusion", "Conclusion", (Paragraph(CONCLUSION),)),
    )


def _settings(studies: Sequence[Result]) -> Iterator[Part]:
    for result in studies:
        base = result.study.base
        settings = " ".join(f"{key}={value}" for key, value in base.changes().items())
        yield Paragraph(settings, lead=f"{result.study.name}, base:")


def _findings(studies: Sequence[Result]) -> Iterator[Part]:
    """Of each study the question, its verdicts, and the table of effects with where its figures are."""
    for result in studies:
        yield Heading(result.study.question)
        yield from (Paragraph(verdict.sentence) for verdict in result.verdicts)
        if effects := table_of(result, "verdicts"):
            yield effects
        yield Paragraph(f"Curves, confusion matrices and all tables: {result.study.name}/REPORT.md.", "small")


def _networks(report: PublishedReport) -> Iterator[Section]:
    """Every network that the report prints a count of, layer by layer, with the formula of each."""
    for count in report.counts:
        layers = network_table(network(count.model, count.classes), count.model)
        name = f"{count.model}, {count.classes} classes"
        yield Section(f"network {name}", name, (layers,))

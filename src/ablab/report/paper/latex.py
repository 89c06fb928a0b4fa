"""A report in LaTeX, with its pictures as PDF beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ablab.catalogue import mark
from ablab.report.paper import again, pictures
from ablab.report.section import Beside, Code, Fold, Heading, Paragraph, Part, Section, Terms
from ablab.report.table import Table
from ablab.report.wording import shown
from ablab.report.writers.latex import escape, tabular
from ablab.result import Result
from ablab.trials.result import TrialResult

LONG = 25  # rows from which a table is split, at first by what stands in its first column
MOST = 45  # rows that a page has room for

PREAMBLE = (
    r"\documentclass[a4paper,10pt]{article}",
    r"\usepackage[T1]{fontenc}",
    r"\usepackage[utf8]{inputenc}",
    r"\usepackage{textcomp}",
    r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}",
    r"\usepackage[margin=2.2cm]{geometry}",
    r"\usepackage{booktabs}",
    r"\usepackage{graphicx}",
    r"\setlength{\belowcaptionskip}{6pt}",
    r"\extrafloats{200}",
)


@mark("paper", "latex", has_tables_beside_it=True)
def files(result: Result | TrialResult, arranged: Sequence[Section]) -> Iterator[tuple[str, bytes]]:
    """report.tex and its pictures."""
    drawn = pictures(arranged, "pdf")
    closing = (
        r"\subsection*{How to reproduce it}",
        *(rf"\noindent\texttt{{{escape(line)}}}\\" for line in again(result)),
    )
    yield "report.tex", document(result.study.question, arranged, closing).encode()
    yield from ((f"{name}.pdf", content) for name, (_, content) in drawn.items())


def document(title: str, arranged: Sequence[Section], closing: Sequence[str] = ()) -> str:
    """Sections below each other, under a title, as a whole file."""
    body = [rf"\section*{{{escape(title)}}}"]
    for section in arranged:
        body += [rf"\subsection*{{{escape(section.title)}}}"] if section.title else []
        body += [line for part in section.parts for line in _lines(part)]
        body.append("")
    body += closing
    lines = [*PREAMBLE, *_unknown_letters("".join(body)), r"\begin{document}", *body, r"\end{document}"]
    return "\n".join(lines) + "\n"


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Paragraph():
            yield (rf"\textbf{{{escape(part.lead)}}} " if part.lead else "{}") + escape(part.text) + r"\par"
        case Heading():
            note = rf" \textnormal{{({escape(part.note)})}}" if part.note else ""
            yield rf"\subsubsection*{{{escape(part.text)}{note}}}"
        case Code():
            yield from (rf"\noindent\texttt{{{escape(line)}}}\\" for line in part.text.splitlines() if line)
            yield r"\par"
        case Terms():
            yield from (rf"\textbf{{{escape(term)}}}: {escape(text)}\par" for term, text in part.terms)
        case Fold():
            for inner in part.parts:
                yield from _lines(inner)
        case Beside():
            for each in part.tables:
                yield from _lines(each)
        case Table():
            for each in split(part):
                yield from _float(each)
        case _:
            graphic = rf"\includegraphics[width=\linewidth,height=0.8\textheight,keepaspectratio]{{{part.name}.pdf}}"
            yield from (r"\begin{figure}[htbp]", r"\centering", graphic)
            yield from (rf"\caption{{{escape(part.caption or part.title)}}}", r"\end{figure}")


def split(table: Table) -> Iterator[Table]:
    """The table in parts that a page has room for."""
    if len(table.rows) <= LONG:
        yield table
        return
    for key, rows in groupby(table.rows, key=lambda row: row[0].text):
        each = tuple(rows)
        for at in range(0, len(each), MOST):
            yield replace(table, rows=each[at : at + MOST], title=f"{table.title}: {key}" if table.title else key)


def _float(table: Table) -> Iterator[str]:
    """A table with its caption, made narrower where it is wider than the text."""
    if not table.rows:
        return
    title = f"{table.title}. " if table.title and table.caption else table.title
    yield from (r"\begin{table}[htbp]", r"\centering", rf"\caption{{{escape(title + table.caption)}}}")
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield from tabular(table)
    yield from ("}", r"\end{table}")


def _unknown_letters(text: str) -> Iterator[str]:
    """Definitions for letters that pdfLaTeX cannot write, so that a name in another script does not stop it."""
    known = {*map(chr, range(0x2010, 0x2028)), "€", "™"}
    for letter in sorted({c for c in shown(text) if ord(c) >= 0x370} - known):
        code = f"{ord(letter):04X}"
        yield rf"\ifdefined\DeclareUnicodeCharacter\DeclareUnicodeCharacter{{{code}}}{{[U+{code}]}}\fi"

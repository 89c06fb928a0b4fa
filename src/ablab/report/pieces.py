"""A study's report for a paper or homework: sentences, tables and pictures put together in files."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ablab.atomic import atomic_write, check_writable
from ablab.errors import InputError
from ablab.records import Run
from ablab.report import figures
from ablab.report.cautions import cautions
from ablab.report.picture import Format, Picture, blank, check_installed, pages, plain, style
from ablab.report.results import What, study_table
from ablab.report.style import SOFT
from ablab.report.table import Table, write
from ablab.report.wording import shown
from ablab.report.writers.latex import escape as tex
from ablab.report.writers.latex import tabular
from ablab.report.writers.markdown import escape as md
from ablab.result import answered

if TYPE_CHECKING:
    from ablab.result import Result

Pieces = Literal["markdown", "latex", "pdf", "png"]
PAGE = (8.27, 11.69)  # inches: A4
LINES = 62  # of text on a page of the PDF


def pictures(result: Result, *, has_caption: bool = True) -> Iterator[tuple[str, Picture]]:
    """The pictures of a study that its runs allow, each with a name for its file, made as they are asked for."""
    named = figures.arms_of(result.study, result.runs)
    base, *variants = named.items()
    yield "effects", figures.effects(result.decision.verdicts, result.runs, has_caption=has_caption)
    with_curves = [one for one in variants if any(run.curve for run in one[1])]
    if with_curves or any(run.curve for run in base[1]):
        for name, some in _numbered("curves", with_curves, figures.TOGETHER - 1):
            yield name, figures.curves(dict([base, *some]), has_caption=has_caption)
    data = result.data
    known = [one for one in (base, *variants) if data and answered(one[1], data)]
    if data and base in known:
        for name, some in _numbered("confusion", known[1:], figures.MATRICES):
            yield name, figures.confusion(dict([base, *some]), data, has_caption=has_caption)
    if any(run.test for run in result.runs):
        yield "cost", figures.cost(named, has_caption=has_caption)


def write_pieces(result: Result, folder: Path, format: Pieces) -> tuple[Path, ...]:
    """Write the pieces of a study's report into a folder. Gives their paths, the one to open first in front."""
    check_installed()
    if format not in get_args(Pieces):
        raise InputError(f"there are no pieces in {format}: markdown, latex, pdf and png are known")
    if not result.runs:
        raise InputError(f"{result.study.where}: there is no run yet, and nothing to show")
    check_writable(folder / "x")
    files = dict(_WRITERS[format](result))
    for name, content in files.items():
        atomic_write(folder / name, content)
    return tuple(folder / name for name in files)


def _markdown(result: Result) -> Iterator[tuple[str, bytes]]:
    study = result.study
    made = list(_saved(result, "png"))
    parts = [
        f"# {md(study.question)}",
        "\n".join(f"- {md(one)}" for one in _sentences(result)),
    ]
    for piece in _all_tables(result):
        parts.append(f"## {piece.title}\n\n{write(piece, 'markdown')}")
    for name, picture, _ in made:
        parts.append(f"## {picture.title}\n\n![{md(picture.title)}]({name})\n\n{md(picture.caption)}")
    parts.append("## How to make it again\n\n" + "\n".join(f"    {line}" for line in _again(result)))
    yield "REPORT.md", ("\n\n".join(parts) + "\n").encode()
    yield from ((name, content) for name, _, content in made)
    yield "runs.csv", (write(study_table(result, "runs"), "csv") + "\n").encode()


def _latex(result: Result) -> Iterator[tuple[str, bytes]]:
    made = list(_saved(result, "pdf"))
    body = [
        rf"\section*{{{tex(result.study.question)}}}",
        r"\begin{itemize}",
        *(rf"\item {{}}{tex(one)}" for one in _sentences(result)),
        r"\end{itemize}",
        *(line for piece in _all_tables(result) for line in _float(piece)),
    ]
    for name, picture, _ in made:
        graphic = rf"\includegraphics[width=\linewidth,height=0.8\textheight,keepaspectratio]{{{name}}}"
        body += [r"\begin{figure}[htbp]", r"\centering", graphic, rf"\caption{{{tex(picture.caption)}}}"]
        body += [r"\end{figure}"]
    body += [
        r"\subsection*{How to make it again}",
        *(rf"\noindent\texttt{{{tex(one)}}}\\" for one in _again(result)),
    ]
    lines = [*_PREAMBLE, *_unknown_letters("".join(body)), r"\begin{document}", *body, r"\end{document}"]
    yield "report.tex", ("\n".join(lines) + "\n").encode()
    yield from ((name, content) for name, _, content in made)
    yield "runs.csv", (write(study_table(result, "runs"), "csv") + "\n").encode()


def _pdf(result: Result) -> Iterator[tuple[str, bytes]]:
    lines = [result.study.question, ""]
    for said in _sentences(result):
        lines += [*textwrap.wrap(shown(said), 92, subsequent_indent="  "), ""]
    lines += [*write(study_table(result, "verdicts"), "text").splitlines(), ""]
    lines += ["How to make it again:", *(f"  {line}" for line in _again(result))]
    wrapped = [piece for line in lines for piece in (textwrap.wrap(line, 118, drop_whitespace=False) or [""])]
    chunks = [wrapped[at : at + LINES] for at in range(0, len(wrapped), LINES)]
    text = [_text_page(chunk, result.runs, is_first=at == 0) for at, chunk in enumerate(chunks)]
    yield "report.pdf", pages([*text, *(one for _, one in pictures(result))], shown(result.study.question))


def _png(result: Result) -> Iterator[tuple[str, bytes]]:
    for name, picture in pictures(result):
        yield f"{name}.png", picture.as_bytes("png")


_WRITERS: dict[Pieces, Callable[[Result], Iterator[tuple[str, bytes]]]] = {
    "markdown": _markdown,
    "latex": _latex,
    "pdf": _pdf,
    "png": _png,
}


def _all_tables(result: Result) -> Iterator[Table]:
    """The tables that a report has; the runs, which may be hundreds, go into a file of their own."""
    pieces = (study_table(result, what) for what in get_args(What) if what != "runs")
    return (piece for piece in pieces if piece.rows)


def _sentences(result: Result) -> list[str]:
    """The verdicts in words, and what a reader must know beside them."""
    said = [verdict.sentence for verdict in result.decision.verdicts]
    found = cautions(result.study, result.runs, result.decision.verdicts)
    said += [f"{headline}: {sentence}" for headline, sentence in found]
    if result.decision.wanted:
        said.append(f"Not final: {len(result.decision.wanted)} runs are still wanted.")
    if result.decision.ended:
        said.append(f"{result.decision.ended}; verdicts are as valid as at any other end.")
    if result.ledger:
        said.append(f"This was {result.ledger}.")
    return said


def _again(result: Result) -> list[str]:
    return [shown(f"ablab run {result.study.words}"), f"plan {result.plan.hash}, data {result.plan.fingerprint}"]


def _saved(result: Result, format: Format) -> Iterator[tuple[str, Picture, bytes]]:
    """Pictures whose captions stand in the text around them."""
    for name, picture in pictures(result, has_caption=False):
        yield f"{name}.{format}", picture, picture.as_bytes(format)


def _numbered(
    name: str, arms: Sequence[tuple[str, tuple[Run, ...]]], most: int
) -> Iterator[tuple[str, Sequence[tuple[str, tuple[Run, ...]]]]]:
    """As many at a time as one picture can hold, under names with numbers if it takes several; one even for none."""
    chunks = [arms[at : at + most] for at in range(0, len(arms), most)] or [[]]
    for number, chunk in enumerate(chunks, start=1):
        yield (f"{name}-{number}" if len(chunks) > 1 else name), chunk


def _text_page(lines: Sequence[str], runs: Sequence[Run], *, is_first: bool) -> Picture:
    with style():
        figure, _ = blank(*PAGE, "")
        for at, line in enumerate(lines):
            is_title = is_first and at == 0
            figure.text(
                0.07,
                0.95 - at * 0.0145,
                plain(line),
                family="DejaVu Sans Mono" if not is_title else "DejaVu Sans",
                fontsize=12 if is_title else 7,
                va="top",
            )
        figure.text(0.07, 0.03, "ablab", fontsize=7, color=SOFT.light)
    return Picture(figure, "Verdicts", "", tuple(run.id for run in runs))


_PREAMBLE = (
    r"\documentclass[a4paper,10pt]{article}",
    r"\usepackage[T1]{fontenc}",
    r"\usepackage[utf8]{inputenc}",
    r"\usepackage{textcomp}",
    r"\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}",
    r"\usepackage[margin=2.2cm]{geometry}",
    r"\usepackage{booktabs}",
    r"\usepackage{graphicx}",
    r"\setlength{\belowcaptionskip}{6pt}",
)


def _float(piece: Table) -> Iterator[str]:
    """A table with its caption, made narrower where it is wider than the text; one a variant where it has many rows."""
    keys = list(dict.fromkeys(row[0].text for row in piece.rows))
    is_long = piece.name in ("classes", "secondary") and len(keys) > 1
    for key in keys if is_long else [None]:
        rows = tuple(row for row in piece.rows if key is None or row[0].text == key)
        of = f"{key}: " if key is not None else ""
        yield from (r"\begin{table}[htbp]", r"\centering", rf"\caption{{{tex(of + piece.caption)}}}")
        yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
        yield from tabular(dataclasses.replace(piece, rows=rows))
        yield from ("}", r"\end{table}")


def _unknown_letters(text: str) -> Iterator[str]:
    """Definitions for letters that pdfLaTeX cannot write, so that a name in another script does not stop it."""
    known = {*map(chr, range(0x2010, 0x2028)), "€", "™"}
    for letter in sorted({c for c in text if ord(c) >= 0x370} - known):
        code = f"{ord(letter):04X}"
        yield rf"\ifdefined\DeclareUnicodeCharacter\DeclareUnicodeCharacter{{{code}}}{{[U+{code}]}}\fi"

"""A Result as files for a paper or homework. A format is one marked function, and this folder is their list.

It takes a Result and its sections and gives files with their names, the one to open first in front.
`@mark("paper", "name")` offers it, with `has_tables_beside_it=True` where long tables belong beside it as CSV.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.atomic import atomic_write, check_writable
from ablab.catalogue import catalogue, find
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.report.picture import Format, Picture
    from ablab.report.section import Section
    from ablab.result import Result
    from ablab.trials.result import TrialResult


def formats() -> tuple[str, ...]:
    """The names of the formats."""
    return tuple(catalogue("report.paper", "paper"))


def write_paper(result: Result | TrialResult, folder: Path, format: str) -> tuple[Path, ...]:
    """Write the report of a study into a folder. Gives the paths of its files, the one to open first in front."""
    from ablab.report.picture import check_installed
    from ablab.report.section import sections
    from ablab.report.table import write

    check_installed()
    entry = find("report.paper", "paper", format)
    if result.is_empty:
        raise InputError(f"{result.study.where}: there is no run yet, so there is nothing to show")
    check_writable(folder / "x")
    arranged = sections(result, "paper")
    files = dict(entry.load()(result, [section for section in arranged if not section.is_long]))
    if entry.facts.get("has_tables_beside_it"):
        long = (table for section in arranged if section.is_long for table in section.tables())
        files |= {f"{table.name}.csv": (write(table, "csv") + "\n").encode() for table in long}
    for name, content in files.items():
        atomic_write(folder / name, content)
    return tuple(folder / name for name in files)


def pictures(arranged: Sequence[Section], form: Format) -> dict[str, tuple[Picture, bytes]]:
    """The pictures of all charts by the names of the charts; their captions stand in the text around them."""
    from ablab.report.draw.matplotlib import figure

    drawn = ((chart.name, figure(chart, has_caption=False)) for section in arranged for chart in section.charts())
    return {name: (picture, picture.as_bytes(form)) for name, picture in drawn}


def again(result: Result | TrialResult) -> Iterator[str]:
    """What makes the same report once more."""
    from ablab.result import Result

    yield f"ablab run {result.study.words}"
    yield f"plan {result.plan.hash}" + (f", data {result.plan.fingerprint}" if isinstance(result, Result) else "")

"""Files of results that are given together; where each has one run, its name may say the variant and the seed."""

import re
from collections.abc import Sequence
from pathlib import Path

from ablab.elsewhere.columns import NAMES, last_word
from ablab.elsewhere.formats import Record, records
from ablab.elsewhere.names import split


def records_of(paths: Sequence[Path]) -> list[Record]:
    """The rows of all files and folders, with the column `file` where names of files tell variants apart."""
    tables = [records(path) for path in paths]
    rows = [row for table in tables for row in table]
    if len(rows) < 2 or any(len(table) > 1 or path.is_dir() for table, path in zip(tables, paths, strict=True)):
        return rows
    names = [_name(path, row) for path, row in zip(paths, rows, strict=True)]
    if None in names or len({split(name)[0] for name in names if name}) < 2:
        return rows
    return [{**row, "file": name} for row, name in zip(rows, names, strict=True)]


def _name(path: Path, row: Record) -> str | None:
    """The name of a run: that of its file, or of its folder and its file; None where it says no seed.

    A number at the end is a seed if the row has the same one.
    """
    names = (path.stem, f"{path.absolute().parent.name}/{path.stem}")
    if name := next((name for name in names if split(name)[1] is not None), None):
        return name
    seed = next((str(row[head]) for head in row if head and last_word(head) in NAMES["seed"]), None)
    ending = re.fullmatch(r"(.+?)[\s_.,:-]+(\d+)", path.stem)
    return f"{ending[1]} seed {seed}" if ending and seed == ending[2] else None

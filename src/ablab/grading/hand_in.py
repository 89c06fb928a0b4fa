"""What students handed in, found in a folder: for each the export of their runs, their verdicts and their report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablab.errors import InputError, printable
from ablab.verify import handed

SUFFIX = ".ablab"
LONGEST = 8 << 20  # bytes of a file of verdicts; a study of 100 variants has 0.2 MB


@dataclass(frozen=True)
class HandIn:
    """The files of one hand-in. A folder may hold several exports by mistake, or none."""

    name: str
    exports: tuple[Path, ...]
    verdicts: Path | None = None  # what `ablab report STUDY --json` printed
    page: Path | None = None  # the report as HTML


def hand_ins(folder: Path) -> tuple[HandIn, ...]:
    """Every hand-in of a folder, by name: a file NAME.ablab, or a folder NAME with one and whatever belongs to it."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error})") from None
    files = [HandIn(entry.stem, (entry,)) for entry in entries if entry.suffix == SUFFIX and entry.is_file()]
    folders = [_in_folder(entry) for entry in entries if entry.is_dir()]
    if not files + folders:
        raise InputError(
            f"{folder}: there is no hand-in here. A hand-in is a file NAME.ablab, and students write it with: "
            "ablab runs export --study STUDY --to NAME.ablab"
        )
    return tuple(sorted(files + folders, key=lambda it: it.name))


def _in_folder(folder: Path) -> HandIn:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    by_suffix = {suffix: [path for path in files if path.suffix == suffix] for suffix in (SUFFIX, ".json", ".html")}
    first = {suffix: next(iter(paths), None) for suffix, paths in by_suffix.items()}
    return HandIn(folder.name, tuple(by_suffix[SUFFIX]), first[".json"], first[".html"])


def handed_verdicts(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The verdicts in a file that `ablab report STUDY --json` printed, by plan; a study on two data sets has two."""
    content = handed(path, path.name, "a file of verdicts", LONGEST)
    try:
        values = [json.loads(line) for line in content.decode().splitlines() if line.strip()]
        found = {it["plan"]: it["verdicts"] for it in values if isinstance(it, dict) and "plan" in it}
        if not found or not all(isinstance(each, dict) for several in found.values() for each in several):
            raise ValueError("it has no verdicts")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = printable(str(error)) or "it is empty"
        raise InputError(f"{path.name}: this is not the output of ablab report STUDY --json: {why}") from None
    return found

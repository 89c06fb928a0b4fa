"""Files of results; a marked function in this folder reads one more form of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.catalogue import Entry, catalogue
from ablab.errors import InputError, unopened

Record = dict[str, Any]  # one run, or one row of a table: its cells by the names of their columns


def records(path: Path) -> list[Record]:
    """The rows of a file or folder, in the first form that takes it; each has its place under ""."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    entries = catalogue("elsewhere.formats", "results")
    takers = [entry for entry in entries.values() if _takes(entry, path)]
    for entry in takers:
        found: Iterator[Record] = entry.load()(path)
        if rows := list(found):
            return rows
    folders = ", ".join(entry.name for entry in entries.values() if entry.facts.get("is_folder"))
    if takers:
        raise InputError(f"{path}: it contains no results" + f" ({folders})" * path.is_dir())
    known = ", ".join(suffix for entry in entries.values() for suffix in entry.facts["suffixes"])
    raise InputError(f"{path}: results are read from {known} files and from folders of these kinds: {folders}")


def _takes(entry: Entry, path: Path) -> bool:
    """Whether a form may be that of a file or a folder."""
    if path.is_dir():
        return bool(entry.facts.get("is_folder"))
    return path.suffix.lower() in entry.facts["suffixes"] or any(map(path.match, entry.facts.get("names", ())))


def text_of(path: Path, most: int = 64 << 20) -> str:
    """The text of a file of results."""
    try:
        if path.stat().st_size > most:
            raise InputError(f"{path}: {path.stat().st_size / 1e6:,.0f} MB is too large for a table of results")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is not text in UTF-8") from None
    except OSError as error:
        raise InputError(unopened(path, error)) from None

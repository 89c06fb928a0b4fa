"""Files of results; a marked function in this folder reads one more form of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.catalogue import catalogue
from ablab.errors import InputError

Record = dict[str, Any]  # one run, or one row of a table: its cells by the names of their columns


def records(path: Path) -> list[Record]:
    """The rows of a file or folder, in the first form that takes it; each has its place under ""."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    entries = catalogue("elsewhere.formats", "results")
    for entry in entries.values():
        if path.suffix.lower() in entry.facts["suffixes"] or (path.is_dir() and entry.facts.get("is_folder")):
            found: Iterator[Record] = entry.load()(path)
            if rows := list(found):
                return rows
            raise InputError(f"{path}: there are no results in it")
    known = ", ".join(suffix for entry in entries.values() for suffix in entry.facts["suffixes"])
    raise InputError(f"{path}: results are read from {known} files and from folders of MLflow's")


def text_of(path: Path, most: int = 64 << 20) -> str:
    """The text of a file of results."""
    try:
        if path.stat().st_size > most:
            raise InputError(f"{path}: {path.stat().st_size / 1e6:,.0f} MB is more than a table of results has")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is no text in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None

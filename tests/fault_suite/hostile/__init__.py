"""Files that were made to harm: each form has its files by name, how ablab reads them, and which may be read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Hostile:
    """Hostile files of one form. Code that is hidden in one makes the file `marker`, if anybody runs it."""

    name: str
    names: tuple[str, ...]
    content: Callable[[str, Path], bytes]  # of the file with this name, and the marker
    read: Callable[[bytes], Any]
    readable: frozenset[str] = frozenset()  # names of files from which something good may come
    is_text: bool = False  # its reader starts at once, without torch

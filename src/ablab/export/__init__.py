"""Trained weights in forms that other programs read. A format is one marked function, and this folder is their list.

It takes a `Subject` and gives a `Product`: the bytes of one file, or of the files of a folder by their names.
`@mark("format", "name", suffix=".end")` offers it, with `needs=("package",)` where its file imports what ablab does not
come with, and `extra="name"` where an extra of ablab has these packages. `reader="package.module:function"` says what
reads the bytes back as tensors by name, if another package does: the contract of formats then holds it to that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ablab.atomic import atomic_write, check_writable
from ablab.catalogue import find
from ablab.errors import InputError
from ablab.train.trained import Trained

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Subject:
    """Trained weights with what is known beside them; a format takes what it needs."""

    trained: Trained
    images: Tensor | None = field(default=None, repr=False)  # test images u8[N,C,H,W], where they are at hand
    card: str = ""  # what a person should know of the run, in Markdown


@dataclass(frozen=True)
class Product:
    """What a format makes: the bytes of one file, or those of a folder's files by their names."""

    content: bytes | dict[str, bytes] = field(repr=False)
    note: str = ""  # how it was checked


@dataclass(frozen=True)
class Written:
    """What was written: how many bytes, and how they were checked."""

    bytes: int
    note: str


def suffix(name: str) -> str:
    """What the names of a format's files, or folders, end in."""
    return str(find("export", "format", name).facts["suffix"])


def export(subject: Subject, name: str, path: Path, *, replace: bool = False) -> Written:
    """Write the weights in the format called `name`."""
    convert = find("export", "format", name).load()
    if path.exists() and not replace:
        raise InputError(f"{path}: this already exists; add --replace to replace it, or choose another with --out")
    product: Product = convert(subject)
    if isinstance(product.content, bytes):
        check_writable(path)
        atomic_write(path, product.content)
        return Written(len(product.content), product.note)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: this is a file, and {name} writes a folder; choose another place with --out")
    for inner, content in product.content.items():
        check_writable(path / inner)
        atomic_write(path / inner, content)
    return Written(sum(map(len, product.content.values())), product.note)

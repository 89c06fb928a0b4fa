"""Trained weights in forms that other programs read. A format is one marked function, and this folder is their list.

It takes a `Trained` and gives the bytes of one file. `@mark("format", "name", suffix=".end")` offers it, with
`needs=("package",)` where its file imports what ablab does not come with. `reader="package.module:function"` says what
reads the bytes back as tensors by name, if another package does: the contract of formats then holds it to that.
"""

from pathlib import Path

from ablab.atomic import atomic_write, check_writable
from ablab.catalogue import find
from ablab.errors import InputError
from ablab.train.trained import Trained


def suffix(name: str) -> str:
    """What the names of a format's files end in."""
    return str(find("export", "format", name).facts["suffix"])


def export(trained: Trained, name: str, path: Path, *, replace: bool = False) -> int:
    """Write the weights in the format called `name`; gives the bytes that it took."""
    convert = find("export", "format", name).load()
    if path.exists() and not replace:
        raise InputError(
            f"{path}: this file is there already; to replace it say --replace, or choose another with --out"
        )
    check_writable(path)
    content: bytes = convert(trained)
    atomic_write(path, content)
    return len(content)

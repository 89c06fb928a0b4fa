"""Files beside the database, each named by its own SHA-256, so that a changed byte is always seen."""

import hashlib
import re
import zlib
from pathlib import Path

from ablab.atomic import atomic_write, failure, make_folder
from ablab.errors import StoreError

LIMIT = 1 << 30  # bytes; nothing that the store keeps is as large


def put(folder: Path, content: bytes) -> str:
    """Keep `content`, compressed; gives the name to ask for it with."""
    packed = zlib.compress(content, 6)
    name = hashlib.sha256(packed).hexdigest()
    path = path_of(folder, name)
    if not path.exists():
        try:
            make_folder(path.parent)
        except OSError as error:
            raise failure(path, error, len(packed)) from None
        atomic_write(path, packed)
    return name


def get(folder: Path, name: str) -> bytes:
    """The content kept under `name`; an error if the file is gone or any byte of it has changed."""
    path = path_of(folder, name)
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); train the run that it belongs to again") from None
    if hashlib.sha256(packed).hexdigest() != name:
        raise StoreError(f"{path}: its bytes have changed since it was written; train the run that it belongs to again")
    unpack = zlib.decompressobj()
    return unpack.decompress(packed, LIMIT)


def names(folder: Path) -> list[str]:
    """The names of all that is kept."""
    found = (path.name for path in folder.glob("[0-9a-f][0-9a-f]/*"))
    return [name for name in found if re.fullmatch(r"[0-9a-f]{64}", name)]


def path_of(folder: Path, name: str) -> Path:
    """Where `name` is or would be."""
    return folder / name[:2] / name

"""atomic_write: a file is either its old self or its new self, whole, whatever happens in between.

The bytes go to a temporary file in the same folder, are flushed to the disk, take the place of the old file in
one rename, and the folder is flushed too, because otherwise a power cut could undo the rename. A link stays: the file
that it points to is written. A device or a pipe stays, too: it is written in place, like by any other program.
"""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ablab.errors import AblabError, InputError

# What a disk, a quota or a limit answers when there is no room: full, over quota, file too large.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What file systems answer that cannot flush a folder (some network and FUSE ones): nothing more can be done there.
CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)


def atomic_write(path: Path, content: bytes | bytearray | str) -> None:
    """`path` holds `content`; before, it held what it held."""
    content = content.encode() if isinstance(content, str) else content
    with atomic_file(path, size=len(content)) as file:
        file.write(content)


@contextlib.contextmanager
def atomic_file(path: Path, *, size: int | None = None, durable: bool = True) -> Iterator[BinaryIO]:
    """A file to write to that becomes `path` when the block ends without an error, and vanishes otherwise.

    `size` is what the block will write, for the message of a full disk. `durable=False` leaves out the flushing:
    only for files whose reader checks a digest and can do without them.
    """
    path = _behind_links(path)
    if _is_device(path):
        with _device(path, size) as device:
            yield device
        return
    temporary = path.with_name(temporary_name(path.name))
    try:
        file = temporary.open("xb")
    except OSError as error:
        raise failure(path, error, size, 0) from error
    try:
        yield file
        file.flush()
        if durable:
            os.fsync(file.fileno())
        file.close()
        temporary.replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException as error:
        written = _position(file)
        with contextlib.suppress(OSError):
            file.close()
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and _is_about_this_disk(error, temporary):
            raise failure(path, error, size, written) from error
        raise


@contextlib.contextmanager
def _device(path: Path, size: int | None) -> Iterator[BinaryIO]:
    """A device or a pipe to write to."""
    try:
        with path.open("wb") as file:
            yield file
    except OSError as error:
        if error.errno in (*NO_ROOM, errno.EIO) or error.filename == str(path):
            raise failure(path, error, size) from error
        raise


def check_writable(path: Path) -> None:
    """Raise now if `path` could not be written later: its folder is made, and a file comes and goes in it."""
    try:
        path = _behind_links(path)
        probe = path.with_name(temporary_name(path.name))
        if _is_device(path):
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def temporary_name(name: str) -> str:
    """Hidden, never the same twice, and not too long for a file system even where `name` nearly is."""
    return f".{name.encode()[:64].decode(errors='ignore')}.{secrets.token_hex(6)}.tmp"


def make_folder(folder: Path) -> None:
    """The folder is there, and its name on the disk: a power cut would take a folder away with all that is in it."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """The names in `folder` are on the disk."""
    if os.name != "posix":  # other systems cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def failure(path: Path, error: OSError, size: int | None = None, written: int = 0) -> AblabError:
    """The message for a `path` that could not be written."""
    if error.errno not in NO_ROOM:
        return AblabError(f"{path}: cannot be written: {error.strerror or error}; the old content is unchanged")
    needed = f"{size:,} bytes are needed" if size is not None else f"more than {written:,} bytes are needed"
    try:
        free = f"{shutil.disk_usage(path.parent).free:,} bytes are free on that disk"
    except OSError:
        free = "the free space on that disk is unknown"
    return AblabError(
        f"{path}: no room ({error.strerror}): {needed}, {free}\n"
        "the old content is unchanged; free some space and try again"
    )


def _behind_links(path: Path) -> Path:
    """The file that a link points to, whether it is there or not; any other path as it is."""
    try:
        return path.resolve() if path.is_symlink() else path
    except (OSError, RuntimeError):  # the latter for a loop, before Python 3.13
        raise InputError(f"{path}: cannot be written: {os.strerror(errno.ELOOP)}") from None


def _is_device(path: Path) -> bool:
    """Something is there that no file can take the place of: a device, a pipe or a socket."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _position(file: BinaryIO) -> int:
    try:
        return file.tell()
    except (OSError, ValueError):
        return 0


def _is_about_this_disk(error: OSError, temporary: Path) -> bool:
    """Not an error of something else that the block does, such as a connection that breaks."""
    return error.errno in (*NO_ROOM, errno.EIO) or error.filename in (str(temporary), str(temporary.parent), temporary)

"""Opening: the connection to the file of a store, made ready; where there can be none, why and what helps."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ablab.atomic import make_folder
from ablab.errors import InputError, StoreError
from ablab.operations import is_there
from ablab.store.drives import network_drive
from ablab.store.schema import BROKEN, MIGRATIONS, PATIENCE, migrate, teach

# Older versions can corrupt a write-ahead log that several processes write to (sqlite.org/wal.html#walresetbug).
SAFE_WAL = (3, 51, 3)


def connect(file: Path, *, creates: bool) -> tuple[sqlite3.Connection, str]:
    """A connection to a store, and the address of its file, which others may open as this one did."""
    folder, address = file.parent, file.absolute().as_uri()
    if not creates and not is_there(file):
        raise InputError(
            f"{folder}: there is no store here; ablab keeps runs in the folder of --store or $ABLAB_STORE, else in "
            ".ablab"
        )
    try:
        if creates:
            make_folder(folder)
        connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
        try:
            _prepare(connection, file)
            if creates:  # a store that cannot be written is found now, not after an hour of training
                with writing(connection, file):
                    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        except sqlite3.OperationalError as error:
            if creates or not _is_read_only(error):
                raise
            connection.close()
            address += "?mode=ro&immutable=1"
            connection = _connection_for_reading(file, address)
    except (*BROKEN, OSError) as error:
        raise StoreError(_unopened(file, error)) from None
    return connection, address


def _prepare(connection: sqlite3.Connection, file: Path) -> None:
    modern = sqlite3.sqlite_version_info >= SAFE_WAL and not network_drive(file.parent)
    connection.execute(f"PRAGMA journal_mode = {'WAL' if modern else 'DELETE'}")
    # FULL does not flush the folder after the journal is gone: a power cut could bring it back and undo a run
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA foreign_keys = ON")
    migrate(connection, str(file))


def _connection_for_reading(file: Path, address: str) -> sqlite3.Connection:
    """Open a file that cannot be written, or whose folder cannot. Nobody writes to it: so no locks are needed."""
    beside = (file.with_name(f"store.sqlite-{kind}") for kind in ("journal", "wal"))
    unfinished = [path for path in beside if path.exists() and path.stat().st_size]
    if unfinished:
        raise StoreError(
            f"{unfinished[0]}: a write was interrupted here, and this store cannot be written to finish it: "
            f"copy {file.parent} to where you can write, and use --store there"
        )
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != len(MIGRATIONS):
        raise StoreError(
            f"{file}: this store has the form of {'an older' if version < len(MIGRATIONS) else 'a newer'} "
            f"ablab (schema {version}, this one knows {len(MIGRATIONS)}) and cannot be written: "
            f"copy {file.parent} to where you can write, and use --store there"
        )
    teach(connection)
    return connection


@contextmanager
def writing(connection: sqlite3.Connection, file: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that is on the disk when the block ends, and leaves no trace if it ends with an error."""
    # IMMEDIATE: a transaction that reads first and writes later fails at once, whatever the patience
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except BROKEN as error:
        raise StoreError(f"{file}: nothing was written: {error}{_room(file, error)}") from None


def _is_read_only(error: sqlite3.OperationalError) -> bool:
    """Whether SQLite was kept from writing, or from making the file beside its own that writing needs."""
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def _unopened(file: Path, error: Exception) -> str:
    """The message for a store that cannot be opened."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT) or isinstance(error, UnicodeError):
        return (
            f"{file}: this is not a store, or its bytes have changed since it was written ({error}); restore a copy "
            "of it, or move the file away to start a new store"
        )
    return f"{file}: ablab cannot open or write the store: {error}{_room(file, error)}"


def _room(file: Path, error: Exception) -> str:
    """What to add to an error of SQLite's if the disk is full or a limit is reached."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CANTOPEN):
        return ""
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return ""
    free = disk.f_bavail * disk.f_frsize
    if code != sqlite3.SQLITE_CANTOPEN:
        return f"; {free:,} bytes are free on that disk: free some space and try again"
    if disk.f_files and not disk.f_favail:
        return f"; {free:,} bytes are free on that disk, but there is no room for another file: remove some files"
    return ""

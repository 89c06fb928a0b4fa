"""A backup: the database as of one moment with all files that it needs, in a folder that is a store itself."""

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ablab.atomic import failure, sync_folder, temporary_name
from ablab.errors import InputError
from ablab.store import artifacts, trials
from ablab.store.care import Damage, damages
from ablab.store.store import Store


@dataclass(frozen=True)
class Backup:
    """What was copied, and what of it is not as it was written."""

    folder: Path
    runs: int
    trials: int
    bytes: int
    damages: tuple[Damage, ...]


def back_up(store: Store, folder: Path) -> Backup:
    """Copy a store to a folder that is not there yet. Others may write meanwhile; what they add later is left out.

    The folder gets its name once all of it is on the disk. Runs that are not done stay behind.
    """
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder}: this already exists; choose a new folder for the backup")
    half = folder.with_name(temporary_name(folder.name))
    try:
        half.mkdir(parents=True)
        _copy_database(store, half)
        copy = Store(half, create=False)
        try:
            _copy_files(store, copy)
            found = Backup(folder, len(copy.ids()), len(trials.ids(copy)), _size(half), tuple(damages(copy)))
        finally:
            copy.connection.close()
        half.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise failure(folder, error) from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return found


def _copy_database(store: Store, folder: Path) -> None:
    with store.reading() as connection, contextlib.closing(sqlite3.connect(folder / store.file.name)) as target:
        connection.backup(target)
        target.execute("DELETE FROM claims")  # nobody trains for the copy
        target.commit()


def _copy_files(store: Store, copy: Store) -> None:
    """The artifacts and weights that the copied database needs; whether they are whole is checked afterwards."""
    with copy.reading() as connection:
        names = {name for (name,) in connection.execute("SELECT predictions FROM runs UNION SELECT labels FROM data")}
    found = [(artifacts.path_of(store.artifacts, name), artifacts.path_of(copy.artifacts, name)) for name in names]
    for run in copy.ids():
        for name in (f"{run}.safetensors", f"{run}.safetensors.sha256"):
            found.append((store.weights / name, copy.weights / name))
    for source, target in found:
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

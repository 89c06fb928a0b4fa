"""Data parsed once: one file that is mapped into memory next time, every byte checked, rebuilt if one is wrong.

Layout: the 8 bytes `ablab-1\\n`, the header's length (8 bytes, little-endian), the header's SHA-256 (32 bytes), the
header (JSON: what was read, name, classes, notes, and for each part its shape, the places of its images and labels
and its fingerprint), then the arrays (u8 images, little-endian i64 labels), each at a multiple of 4096.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ablab.atomic import atomic_file
from ablab.data.places import cache_folder
from ablab.errors import AblabError, DataError

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset, Examples

MAGIC = b"ablab-1\n"
PAGE = 4096
PARTS = ("train", "val", "test")
MOST_FILES = 2_000_000  # of one data set: listing them takes seconds, and they would hold 6 GB of pictures
HEADER_LIMIT = 16 << 20  # a longer header is not ours: notes and class names of the largest sets take kilobytes


@dataclass(frozen=True)
class Source:
    """What is being read: `origin` names it and its options, `state` changes whenever its bytes may have."""

    origin: str
    state: str

    @property
    def stem(self) -> str:
        """Begins the name of every file that the cache keeps of this origin."""
        return _hash(self.origin)[:20]

    @property
    def file_name(self) -> str:
        return f"{self.stem}-{_hash(self.origin + self.state)[:20]}.cache"


def file_source(path: Path, reader: str, options: dict[str, Any]) -> Source:
    """A file, or a folder with all that is in it, known by names, sizes and times of change."""
    path = path.resolve()
    files = [path] if path.is_file() else _walk(path)
    known = [(str(file.relative_to(path)), *_size_and_time(file)) for file in files]
    return Source(
        json.dumps([str(path), reader, options], sort_keys=True),
        json.dumps([known, _readers()], ensure_ascii=True),
    )


def generated_source(text: str) -> Source:
    """A generated set, known by its name and arguments."""
    return Source(json.dumps(["generated", text]), _readers())


def cached(source: Source, make: Callable[[], "Dataset"], *, worth_seconds: float = 0.0) -> "Dataset":
    """What `make` gives, mapped from the cache if it is there; kept for the next time if making took long enough.

    Of several processes that ask at once, one makes it and the others wait for it.
    """
    import filelock

    folder = cache_folder()
    path = folder / source.file_name
    if (found := read(path, source)) is not None:
        return found
    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"{source.stem}.lock"
        name.touch()  # where no file can be made, filelock would wait for ever
        lock = filelock.FileLock(name)
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        return _noted(make(), f"not cached: {folder} cannot be written ({getattr(error, 'strerror', None) or error})")
    try:
        if (found := read(path, source)) is not None:
            return found
        _remove_outdated(folder, source)
        started = time.perf_counter()
        dataset = make()
        if time.perf_counter() - started < worth_seconds:
            return dataset
        try:
            write(path, source, dataset)
        except AblabError as error:
            return _noted(dataset, f"not cached: {str(error).partition(chr(10))[0]}")
        del dataset  # the map takes its place in memory, so that both are never there together
        return read(path, source) or make()
    finally:
        lock.release()


def write(path: Path, source: Source, dataset: "Dataset") -> None:
    """`dataset` in the layout above. Not flushed to the disk: readers check every byte, a power cut costs one parse."""
    parts = {name: part for name in PARTS if (part := getattr(dataset, name)) is not None}
    arrays: list[Any] = []
    described = {}
    at = 0
    for name, part in parts.items():
        images, labels = part.images.numpy(), part.labels.numpy().astype("<i8", copy=False)
        described[name] = {
            "shape": list(images.shape),
            "images_at": at,
            "labels_at": at + _whole_pages(images.nbytes),
            "fingerprint": part.fingerprint,
        }
        arrays += [images, labels]
        at = described[name]["labels_at"] + _whole_pages(labels.nbytes)
    header = {
        "origin": source.origin,
        "state": _hash(source.state),
        "name": dataset.name,
        "classes": dataset.classes,
        "notes": dataset.notes,
        "parts": described,
        "bytes": at,
    }
    text = json.dumps(header, ensure_ascii=True, allow_nan=False).encode()
    start = _whole_pages(len(MAGIC) + 40 + len(text))
    with atomic_file(path, size=start + at, durable=False) as file:
        file.write(MAGIC + len(text).to_bytes(8, "little") + hashlib.sha256(text).digest() + text)
        for array in arrays:
            _pad(file)
            file.write(memoryview(array).cast("B") if array.size else b"")
        _pad(file)


def read(path: Path, source: Source) -> "Dataset | None":
    """The data set in the file, every byte checked; None if the file is absent, cut, changed or of something else."""
    from ablab.data.dataset import Dataset

    try:
        with path.open("rb") as file:
            header, start = _header(file)
            size = os.fstat(file.fileno()).st_size
            # Before anything is mapped: reading a map beyond its file ends the process without a message.
            if (header["origin"], header["state"]) != (source.origin, _hash(source.state)) or size != start + header[
                "bytes"
            ]:
                return None
            parts = {name: _map(file, start, described) for name, described in header["parts"].items()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if any(parts[name].fingerprint != described["fingerprint"] for name, described in header["parts"].items()):
        return None
    return Dataset(header["name"], tuple(header["classes"]), **parts, notes=tuple(header["notes"]))


def _header(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header, and where the arrays begin."""
    front = file.read(len(MAGIC) + 40)
    length = int.from_bytes(front[len(MAGIC) : len(MAGIC) + 8], "little")
    if front[: len(MAGIC)] != MAGIC or length > HEADER_LIMIT:
        raise ValueError("not a cache of this layout")
    text = file.read(length)
    if hashlib.sha256(text).digest() != front[-32:]:
        raise ValueError("a changed header")
    return json.loads(text), _whole_pages(len(front) + length)


def _map(file: BinaryIO, start: int, described: dict[str, Any]) -> "Examples":
    """Images and labels mapped privately: what a program writes to them never reaches the file."""
    import numpy as np
    import torch

    from ablab.data.dataset import Examples

    def array(dtype: str, at: int, shape: tuple[int, ...]) -> Any:
        if 0 in shape:  # an empty map does not exist
            return torch.from_numpy(np.zeros(shape, dtype))
        # Mode "c" (copy on write) and not "r", because torch warns of arrays that it may not write to.
        return torch.from_numpy(np.memmap(file, dtype, "c", start + at, shape))

    shape = tuple(described["shape"])
    return Examples(array("u1", described["images_at"], shape), array("<i8", described["labels_at"], shape[:1]))


def _walk(folder: Path) -> list[Path]:
    """Every file in a folder, in the order of their paths; an error where there are more than a data set has."""
    found: list[str] = []
    for parent, _, names in os.walk(folder):
        found.extend(f"{parent}/{name}" for name in names)
        if len(found) > MOST_FILES:
            raise DataError(
                f"{folder}: there are more than {MOST_FILES:,} files in this folder and those below it; name the "
                "folder that holds the data set alone"
            )
    return sorted(map(Path, found))


def _size_and_time(file: Path) -> tuple[int, int]:
    try:
        facts = file.stat()
    except OSError:  # a link to nowhere is for the reader to complain about
        return -1, -1
    return facts.st_size, facts.st_mtime_ns


def _readers() -> str:
    """Changes when the code that parses does, so that no release serves what an older one misread."""
    here = Path(__file__).parent
    files = sorted([*here.glob("*.py"), *(here / "sources").glob("*.py")])
    return _hash("\n".join(file.read_text(encoding="utf-8") for file in files))


def _remove_outdated(folder: Path, source: Source) -> None:
    """Caches of the same source in an older state, and what a killed process left; the lock is held."""
    for file in [*folder.glob(f"{source.stem}-*.cache"), *folder.glob(f".{source.stem}-*.tmp")]:
        with contextlib.suppress(OSError):
            file.unlink()


def _noted(dataset: "Dataset", note: str) -> "Dataset":
    return dataclasses.replace(dataset, notes=(*dataset.notes, note))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _whole_pages(size: int) -> int:
    return -(-size // PAGE) * PAGE


def _pad(file: BinaryIO) -> None:
    file.write(b"\0" * (-file.tell() % PAGE))

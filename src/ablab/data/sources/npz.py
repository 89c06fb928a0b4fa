"""An .npz file with named arrays: x_train and y_train, train_images and train_labels, images and labels, x and y.

The zip's directory and the header of each array are held against the file before a byte is made room for, and arrays
of Python objects are never read.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ablab.data import npy
from ablab.data.arrays import Raw, dataset
from ablab.data.dataset import Dataset
from ablab.data.npy import DAMAGED
from ablab.errors import DataError

MAGIC = b"PK\x03\x04"
PAIRS = (("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("{}_x", "{}_y"), ("{}_data", "{}_labels"))
BARE = (("images", "labels"), ("x", "y"), ("data", "labels"))
PARTS = {"train": ("train",), "test": ("test",), "val": ("val", "valid", "validation")}
NAMES = "x_train and y_train, train_images and train_labels, images and labels, or x and y"
CLASSES = ("classes", "class_names")
MOST_BYTES = 64 << 30
MOST_MEMBERS = 10_000
# What arrays may have beyond their file: pixels as floats, compressed, are 4 to 12 times their file, bombs 1,000 times.
SPARE, TIMES = 128 << 20, 20


def recognise(path: Path) -> bool:
    """Whether this is a file called .npz, or a zip that begins with an array."""
    try:
        if not path.is_file():
            return False
        if path.suffix.lower() == ".npz":
            return True
        with path.open("rb") as file:
            front = file.read(512)
    except (OSError, ValueError):
        return False
    name = front[30 : 30 + int.from_bytes(front[26:28], "little")]
    return front[:4] == MAGIC and name.endswith(b".npy")


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set in the file; a test part is set aside if the file has none."""
    if labels is not None:
        raise DataError(f'{path}: an .npz file has only one kind of labels; leave out "({labels})"')
    if skip_unreadable:
        raise DataError(
            f"{path}: only folders of images can skip unreadable files; leave out the option for an .npz file"
        )
    with _refusing_damage(path), zipfile.ZipFile(path) as archive:
        members = _members(archive, path)
        parts = _parts(members, path)
        named = next((name for name in CLASSES if name in members), None)
        wanted = [name for pair in parts.values() for name in pair] + ([named] if named else [])
        _check_sizes([members[name] for name in wanted], path)
        arrays = {name: _array(archive, members[name], f"{path}: {members[name].filename[:-4]}") for name in wanted}
    where = {name: f"{path}: {members[name].filename[:-4]}" for name in wanted}
    raw = {part: Raw(arrays[i], arrays[k], where[i], where[k]) for part, (i, k) in parts.items()}
    classes = {"classes": arrays[named], "classes_name": where[named]} if named else {}
    made = dataset(path.name, raw, **classes)
    if size is not None and made.in_shape[1:] != (size, size):
        raise DataError(f"{path}: has images of {made.in_shape[1]} x {made.in_shape[2]} pixels and cannot be resized")
    return made


@contextmanager
def _refusing_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(
            f"{path}: is damaged, cut short or not an .npz file ({what}); write it again with np.savez"
        ) from None


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The arrays by their names in small letters."""
    found: dict[str, zipfile.ZipInfo] = {}
    if len(archive.infolist()) > MOST_MEMBERS:
        raise DataError(f"{path}: has {len(archive.infolist()):,} members; an .npz of images has a few")
    for info in archive.infolist():
        if info.filename.endswith(".npy"):
            name = info.filename[:-4].lower()
            if name in found:
                raise DataError(f'{path}: has the array "{info.filename[:-4]}" twice')
            found[name] = info
    return found


def _parts(members: dict[str, zipfile.ZipInfo], path: Path) -> dict[str, tuple[str, str]]:
    """The names of images and labels of each part that is there."""
    for of_images, of_labels in PAIRS:
        found: dict[str, tuple[str, str]] = {}
        for part, words in PARTS.items():
            for word in words:
                pair = of_images.format(word), of_labels.format(word)
                if _has_pair(members, pair, path):
                    if part in found:
                        raise DataError(f"{path}: has both {found[part][0]} and {pair[0]}; leave one of them out")
                    found[part] = pair
        if "train" in found:
            return found
        if found:
            raise DataError(f"{path}: has {next(iter(found.values()))[0]} but no {of_images.format('train')}")
    for pair in BARE:
        if pair[0] in members and pair[1] in members:
            return {"train": pair}
    there = ", ".join(list(members)[:20]) or "none"
    raise DataError(f"{path}: its arrays do not have the names of a data set: {there}; name them {NAMES}")


def _has_pair(members: dict[str, zipfile.ZipInfo], pair: tuple[str, str], path: Path) -> bool:
    """Whether images and labels are there; images alone are an error, because nobody means to leave them out."""
    if pair[0] not in members or pair[1] in members:
        return pair[0] in members
    raise DataError(f"{path}: has {pair[0]} but no {pair[1]}; there are: {', '.join(list(members)[:20])}")


def _check_sizes(members: list[zipfile.ZipInfo], path: Path) -> None:
    declared, file = sum(member.file_size for member in members), path.stat().st_size
    if declared > min(SPARE + TIMES * file, MOST_BYTES):
        raise DataError(
            f"{path}: claims {declared:,} bytes of arrays in a file of {file:,} bytes, and no images compress "
            "that well; if it is genuine, write it with np.savez, uncompressed"
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> Any:
    """The array, if its header says exactly as many bytes as the directory; zipfile checks the CRC at its end."""
    try:
        with archive.open(member) as file:
            return npy.read(file, member.file_size, where)
    except DAMAGED as error:
        why = str(error) or type(error).__name__
        raise DataError(f"{where}: is damaged ({why}); write the file again with np.savez") from None

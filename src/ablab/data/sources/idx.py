"""IDX files, plain or gzipped: the form of MNIST, Fashion-MNIST and KMNIST (LeCun, Cortes and Burges 1998).

A folder has train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, with
or without .gz. Its folder `raw`, where torchvision puts them, will do as well.
"""

import gzip
import math
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from torch.nn.functional import pad

from ablab.data.arrays import Raw, dataset
from ablab.data.dataset import Dataset, Examples
from ablab.data.official import plain
from ablab.errors import DataError

PARTS = {"train": "train", "test": "t10k"}
BYTES = 8  # the kind of values that the third byte of a file names: unsigned bytes
SPARE, TIMES = 128 << 20, 50  # what a gzipped file may claim beyond its own size; images of one colour shrink most


def recognise(path: Path) -> bool:
    """Whether a folder, or its folder `raw`, has training images in this form."""
    try:
        return path.is_dir() and _folder(path) is not None
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The grey pictures in the folder, with a black frame up to `size`; a test part is set aside if there is none."""
    plain(path, labels, skip_unreadable)
    folder = _folder(path) or path
    raw = {part: _raw(folder, word) for part, word in PARTS.items() if part == "train" or _file(folder, word, 3)}
    made = dataset(path.resolve().name, raw)
    return made if size is None else _framed(made, size, path)


def _framed(made: Dataset, size: int, path: Path) -> Dataset:
    """The pictures in the middle of black squares: deep networks want 32 pixels a side (as LeNet-5 had them)."""
    _, height, width = made.in_shape
    if size < max(height, width):
        raise DataError(
            f"{path}: has images of {height} x {width} pixels; size={size} would cut them; a larger size adds a border"
        )
    left, top = (size - width) // 2, (size - height) // 2
    around = (left, size - width - left, top, size - height - top)
    train, test = (Examples(pad(part.images, around), part.labels) for part in (made.train, made.test))
    return replace(made, train=train, test=test)


def _folder(path: Path) -> Path | None:
    return next((folder for folder in (path, path / "raw") if _file(folder, "train", 3)), None)


def _file(folder: Path, word: str, dimensions: int) -> Path | None:
    """The file of a part with so many dimensions: 3 for its images, 1 for its labels."""
    what = "images" if dimensions == 3 else "labels"
    names = [f"{word}-{what}{dot}idx{dimensions}-ubyte{end}" for end in ("", ".gz") for dot in ("-", ".")]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _raw(folder: Path, word: str) -> Raw:
    files = {dimensions: _file(folder, word, dimensions) for dimensions in (3, 1)}
    images, labels = files[3], files[1]
    if images is None or labels is None:
        missing = "images-idx3" if images is None else "labels-idx1"
        raise DataError(f"{folder}: has no file {word}-{missing}-ubyte or {word}-{missing}-ubyte.gz")
    return Raw(_array(images, 3), _array(labels, 1).astype(np.int64), str(images), str(labels))


def _array(file: Path, dimensions: int) -> Any:
    try:
        is_packed = file.suffix == ".gz"
        size = file.stat().st_size
        with gzip.open(file) if is_packed else file.open("rb") as stream:
            return _values(cast(BinaryIO, stream), dimensions, SPARE + TIMES * size if is_packed else size, file)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{file}: is damaged or cut short ({why}); get the official file again") from None


def _values(stream: BinaryIO, dimensions: int, most: int, file: Path) -> Any:
    """u8 of the shape that the header says, which must be exactly what follows it."""
    zeros, kind, given = struct.unpack(">HBB", stream.read(4))
    if (zeros, kind, given) != (0, BYTES, dimensions):
        raise DataError(f"{file}: is not an IDX file of unsigned bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
    count = math.prod(shape)
    if count > most:
        raise DataError(f"{file}: its header says {count:,} values, which is more than the file can hold")
    content = stream.read(count)
    if len(content) != count or stream.read(1):
        what = "is cut short" if len(content) < count else "continues past its end"
        raise DataError(f"{file}: {what}: its header says {count:,} values; get the official file again")
    return np.frombuffer(content, np.uint8).reshape(shape)

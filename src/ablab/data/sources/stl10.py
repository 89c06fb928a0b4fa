"""STL-10 in its binary form: train_X.bin, train_y.bin, test_X.bin and test_y.bin (Coates, Ng and Lee 2011).

Each image is 3 x 96 x 96 bytes, column by column, and labels begin at 1. The 100,000 images without labels are left
alone.
"""

from pathlib import Path

import numpy as np
import torch

from ablab.data.arrays import Raw, dataset
from ablab.data.dataset import Dataset
from ablab.data.official import plain
from ablab.errors import DataError

SIDE = 96
PIXELS = 3 * SIDE * SIDE
ARCHIVE = "stl10_binary.tar.gz"
CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")  # class_names.txt


def recognise(path: Path) -> bool:
    """Whether a folder has the training images, or this is the official archive."""
    try:
        return (path / "train_X.bin").is_file() or (path.name == ARCHIVE and path.is_file())
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set in the folder; `size` may halve the pictures (48) or bring them to a third (32)."""
    plain(path, labels, skip_unreadable)
    if path.is_file():
        raise DataError(f"{path}: unpack this archive first, and name its folder: tar xzf {ARCHIVE}")
    if size is not None and (size > SIDE or SIDE % size):
        raise DataError(f"{path}: has images of {SIDE} x {SIDE} pixels; size may be 96, 48, 32 or another divisor")
    raw = {}
    for part in ("train", "test"):
        images, numbers = path / f"{part}_X.bin", path / f"{part}_y.bin"
        if part == "train" or images.exists():
            raw[part] = Raw(_images(images, size or SIDE), _labels(numbers), str(images), str(numbers))
    return dataset(path.resolve().name, raw, classes=CLASSES, layout="NCHW")


def _images(file: Path, side: int) -> torch.Tensor:
    content = _content(file)
    if not content or len(content) % PIXELS:
        raise DataError(f"{file}: {len(content):,} bytes are not whole images of {PIXELS:,} bytes")
    upright = torch.frombuffer(content, dtype=torch.uint8).view(-1, 3, SIDE, SIDE).transpose(2, 3)
    if side == SIDE:
        return upright
    step = SIDE // side  # the mean of whole squares of pixels
    smaller = [torch.nn.functional.avg_pool2d(some.float(), step).round() for some in torch.split(upright, 500)]
    return torch.cat([some.to(torch.uint8) for some in smaller])


def _labels(file: Path) -> np.ndarray:
    numbers = np.frombuffer(_content(file), np.uint8).astype(np.int64)
    if len(numbers) and not (numbers.min() >= 1 and numbers.max() <= len(CLASSES)):
        raise DataError(f"{file}: its labels go from {numbers.min()} to {numbers.max()}; labels must be from 1 to 10")
    return numbers - 1


def _content(file: Path) -> bytearray:
    try:
        return bytearray(file.read_bytes())
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from None

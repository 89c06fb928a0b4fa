"""CIFAR-10.1: 2,000 new test images for networks that were trained on CIFAR-10 (Recht et al. 2018).

A folder has cifar10.1_v6_data.npy and cifar10.1_v6_labels.npy (or v4, which has 2,021 images). Training images are
those of CIFAR-10, which is looked for beside the folder and wherever else data are.
"""

from pathlib import Path
from typing import Any

from ablab.data import npy
from ablab.data.arrays import class_numbers, label_array, pixels
from ablab.data.dataset import Dataset, Examples
from ablab.data.known import KNOWN, SIDE
from ablab.data.official import plain
from ablab.data.places import locate
from ablab.data.sources import cifar
from ablab.errors import DataError

VERSIONS = ("v6", "v4")  # the authors recommend v6, whose classes are balanced


def recognise(path: Path) -> bool:
    """Whether a folder has test images of one version."""
    try:
        return path.is_dir() and _images(path) is not None
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The training images of CIFAR-10 with the test images in the folder."""
    plain(path, labels, skip_unreadable)
    if size not in (None, SIDE):
        raise DataError(
            f"{path}: has images of {SIDE} x {SIDE} pixels and cannot be resized: set size={SIDE}, or leave size out"
        )
    known = KNOWN["cifar10"]
    place = next(filter(None, (locate(known, folder) for folder in (path.parent, path.parent.parent))), None)
    if place is None or not cifar.recognise(place):
        raise DataError(f"{path}: has test images only, and CIFAR-10 is not here: ablab data get cifar10")
    train = cifar.read(place)
    images = _images(path)
    assert images is not None
    numbers = images.with_name(images.name.replace("_data", "_labels"))
    tested = pixels(_array(images), str(images), layout="NHWC")
    if tuple(tested.shape[1:]) != train.in_shape:
        raise DataError(f"{images}: has images of {tuple(tested.shape[1:])}; they must be 3 x 32 x 32")
    labelled = class_numbers(label_array(_array(numbers), str(numbers), len(tested)), train.classes, str(numbers))
    note = f"training images are those of CIFAR-10, from {place}"
    return Dataset(path.resolve().name, train.classes, train.train, Examples(tested, labelled), notes=(note,))


def _images(path: Path) -> Path | None:
    files = (path / f"cifar10.1_{version}_data.npy" for version in VERSIONS)
    return next((file for file in files if file.is_file()), None)


def _array(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            return npy.read(opened, file.stat().st_size, str(file))
    except npy.DAMAGED as error:
        raise DataError(f"{file}: is damaged or cannot be read ({error}); get the official file again") from None

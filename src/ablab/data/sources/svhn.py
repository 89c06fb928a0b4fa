"""Street View House Numbers, cropped digits: train_32x32.mat and test_32x32.mat (Netzer et al. 2011).

MATLAB files of version 5 are read with scipy, which builds arrays and carries out nothing. The digit 0 has the label
10 there and 0 here.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ablab.data.arrays import Raw, dataset
from ablab.data.dataset import Dataset
from ablab.data.official import plain
from ablab.errors import DataError

FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat"}
SIDE = 32
MOST = 1_000_000  # images of one file; extra_32x32.mat has 531,131
ZERO = 10  # the label of the digit 0


def recognise(path: Path) -> bool:
    """Whether a folder has the training images."""
    try:
        return path.is_dir() and (path / FILES["train"]).is_file()
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set in the folder; the 531,131 easier images of extra_32x32.mat are left alone."""
    plain(path, labels, skip_unreadable)
    if size not in (None, SIDE):
        raise DataError(
            f"{path}: has images of {SIDE} x {SIDE} pixels and cannot be resized: set size={SIDE}, or leave size out"
        )
    files = {part: path / name for part, name in FILES.items()}
    there = {part: file for part, file in files.items() if part == "train" or file.is_file()}
    raw = {part: Raw(*_arrays(file), f"{file}: X", f"{file}: y") for part, file in there.items()}
    return dataset(path.resolve().name, raw, classes=tuple(map(str, range(10))), layout="NHWC")


def _arrays(file: Path) -> tuple[Any, Any]:
    """Images u8[N,32,32,3] and digits i64[N]."""
    from scipy.io import loadmat, whosmat

    try:
        declared = {name: shape for name, shape, _ in whosmat(file)}  # from the headers: nothing is made room for
        images = declared.get("X", ())
        if len(images) != 4 or images[:3] != (SIDE, SIDE, 3) or images[3] > MOST or declared.get("y") != (images[3], 1):
            raise DataError(f"{file}: holds no X of 32 x 32 x 3 x N pixels with a label in y for each")
        found = loadmat(file, variable_names=["X", "y"])
    except DataError:
        raise
    except Exception as error:  # scipy raises whatever the damaged bytes lead it to
        raise DataError(f"{file}: is damaged, or not a MATLAB file of version 5 ({error}); get it again") from None
    digits = np.asarray(found["y"])[:, 0].astype(np.int64)
    return np.asarray(found["X"]).transpose(3, 0, 1, 2), np.where(digits == ZERO, 0, digits)

"""Small IDX files in the form of MNIST, as tests make them."""

import gzip
import struct

import numpy as np


def idx_bytes(array, kind=8):
    """An array as an IDX file: two zeros, the kind of values, the number of dimensions, each length, the values."""
    array = np.asarray(array, np.uint8)
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


def written(folder, images, labels, word="train", *, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for what, array, dimensions in (("images", images, 3), ("labels", labels, 1)):
        name = f"{word}-{what}-idx{dimensions}-ubyte"
        content = idx_bytes(array)
        (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(content) if packed else content)


def grey(images, seed=0, side=28):
    return np.random.default_rng(seed).integers(0, 256, (images, side, side), np.uint8)

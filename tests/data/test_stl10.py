"""STL-10's binary files become upright pictures; labels begin at 0 here and at 1 there."""

import numpy as np
import pytest
import torch

from ablab.data import load_dataset
from ablab.data.sources import stl10
from ablab.errors import DataError


def written(folder, part, images, labels):
    """Images u8[N,3,96,96] as the authors keep them: each channel column by column."""
    folder.mkdir(exist_ok=True)
    (folder / f"{part}_X.bin").write_bytes(images.transpose(0, 1, 3, 2).tobytes())
    (folder / f"{part}_y.bin").write_bytes(bytes(labels))


def colours(images, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (images, 3, 96, 96), np.uint8)


@pytest.fixture
def folder(tmp_path):
    written(tmp_path / "stl10_binary", "train", colours(20), [*range(1, 11)] * 2)
    written(tmp_path / "stl10_binary", "test", colours(10, 1), range(1, 11))
    return tmp_path / "stl10_binary"


def test_pictures_stand_upright_and_classes_have_the_published_names(folder):
    made = load_dataset(str(folder))
    assert made.in_shape == (3, 96, 96)
    assert torch.equal(made.train.images, torch.from_numpy(colours(20)))
    assert torch.equal(made.test.images, torch.from_numpy(colours(10, 1)))
    assert made.test.labels.tolist() == list(range(10))
    assert (made.classes[0], made.classes[7]) == ("airplane", "monkey")


def test_smaller_pictures_are_means_of_squares(folder):
    made = stl10.read(folder, size=32)
    squares = colours(20)[3, 1, 6:9, 9:12]
    assert made.train.images[3, 1, 2, 3] == round(float(squares.mean()))
    with pytest.raises(DataError, match="size may be 96, 48, 32"):
        stl10.read(folder, size=50)


def test_bytes_and_labels_that_cannot_be_are_named(folder):
    (folder / "test_y.bin").write_bytes(bytes([0] * 10))
    with pytest.raises(DataError, match=r"test_y.bin: its labels go from 0 to 0; labels must be from 1 to 10"):
        stl10.read(folder)
    (folder / "train_X.bin").write_bytes(b"x" * 27_649)
    with pytest.raises(DataError, match=r"train_X.bin: 27,649 bytes are not whole images of 27,648 bytes"):
        stl10.read(folder)


def test_the_archive_itself_says_to_unpack_it(tmp_path):
    (tmp_path / "stl10_binary.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match="unpack this archive first"):
        load_dataset(str(tmp_path / "stl10_binary.tar.gz"))

"""SVHN's MATLAB files become upright pictures, and the digit 0, which has label 10 there, is class 0."""

import numpy as np
import pytest
import torch
from scipy.io import savemat

from ablab.data import load_dataset
from ablab.data.sources import svhn
from ablab.errors import DataError


def written(folder, name, images, labels):
    """Images u8[N,32,32,3] as the authors keep them: the number of the image comes last."""
    folder.mkdir(exist_ok=True)
    content = {"X": images.transpose(1, 2, 3, 0), "y": np.asarray(labels, np.uint8)[:, None]}
    savemat(folder / name, content, do_compression=True)


def colours(images, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (images, 32, 32, 3), np.uint8)


def test_pictures_and_digits_come_as_they_were_written(tmp_path):
    train, test = colours(20), colours(10, 1)
    written(tmp_path, "train_32x32.mat", train, [*range(1, 11), *range(1, 11)])
    written(tmp_path, "test_32x32.mat", test, range(1, 11))
    made = load_dataset(str(tmp_path))
    assert made.classes == tuple("0123456789")
    assert made.test.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert torch.equal(made.train.images, torch.from_numpy(train).permute(0, 3, 1, 2))
    assert torch.equal(made.test.images, torch.from_numpy(test).permute(0, 3, 1, 2))


def test_a_file_that_is_damaged_or_holds_other_arrays_is_named(tmp_path):
    file = tmp_path / "train_32x32.mat"
    written(tmp_path, file.name, colours(20), [*range(1, 11), *range(1, 11)])
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"train_32x32.mat: (is damaged|holds no X)"):
        svhn.read(tmp_path)
    savemat(file, {"X": np.zeros((28, 28, 3, 5), np.uint8), "y": np.ones((5, 1))})
    with pytest.raises(DataError, match="holds no X of 32 x 32 x 3 x N pixels with a label in y for each"):
        svhn.read(tmp_path)
    written(tmp_path, file.name, colours(20), [11, *range(19)])
    with pytest.raises(DataError, match="label 0 is 11; labels must be from 0 to 9"):
        svhn.read(tmp_path)

"""IDX files are read as they are published, and every byte of their headers is held against the file."""

import gzip

import numpy as np
import pytest
import torch

from ablab.data import load_dataset
from ablab.data.sources import idx
from ablab.errors import DataError
from idx_files import grey, idx_bytes, written


@pytest.mark.parametrize("packed", [True, False])
def test_grey_pictures_and_labels_come_as_they_were_written(tmp_path, packed):
    train, test = grey(20), grey(10, 1)
    written(tmp_path / "set", train, np.arange(20) % 10, packed=packed)
    written(tmp_path / "set", test, np.arange(10), "t10k", packed=packed)
    made = load_dataset(str(tmp_path / "set"))
    assert made.in_shape == (1, 28, 28)
    assert torch.equal(made.train.images[:, 0], torch.from_numpy(train))
    assert torch.equal(made.test.images[:, 0], torch.from_numpy(test))
    assert made.test.labels.tolist() == list(range(10))


def test_the_folder_of_torchvision_and_names_with_dots_will_do(tmp_path):
    written(tmp_path / "MNIST" / "raw", grey(20), np.arange(20) % 10, packed=False)
    raw = tmp_path / "MNIST" / "raw"
    (raw / "train-images-idx3-ubyte").rename(raw / "train-images.idx3-ubyte")
    assert idx.recognise(tmp_path / "MNIST")
    assert "test" in load_dataset(str(tmp_path / "MNIST")).notes[0]  # there is no test file, so some are set aside


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-1], "is cut short: its header says 15,680 values"),
        (lambda content: content + b"x", "continues past its end"),
        (lambda content: b"\0\0\x0d\3" + content[4:], "not an IDX file of unsigned bytes in 3 dimensions"),
        (lambda content: content[:4] + b"\xff" * 12 + content[16:], "more than the file can hold"),
        (lambda content: content[:3], "is damaged or cut short"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_file_is_named(tmp_path, damage, message, packed):
    written(tmp_path, grey(20), np.arange(20) % 10, packed=packed)
    file = tmp_path / f"train-images-idx3-ubyte{'.gz' if packed else ''}"
    content = damage(idx_bytes(grey(20)))
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=message) as caught:
        idx.read(tmp_path)
    assert str(file) in str(caught.value)


def test_a_broken_gzip_a_missing_file_and_a_wrong_count_are_named(tmp_path):
    written(tmp_path, grey(20), np.arange(20) % 10)
    images = tmp_path / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-20])
    with pytest.raises(DataError, match="is damaged or cut short"):
        idx.read(tmp_path)
    written(tmp_path, grey(19), np.arange(20) % 10)
    with pytest.raises(DataError, match="has 20 labels for 19 images"):
        idx.read(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="has no file train-labels-idx1-ubyte"):
        idx.read(tmp_path)


def test_a_larger_size_puts_a_black_frame_around_and_a_smaller_one_is_refused(tmp_path):
    written(tmp_path, grey(20), np.arange(20) % 10)
    written(tmp_path, grey(10, 1), np.arange(10), "t10k")
    framed = idx.read(tmp_path, size=33).test.images
    assert framed.shape == (10, 1, 33, 33)
    assert torch.equal(framed[:, 0, 2:30, 2:30], torch.from_numpy(grey(10, 1)))
    assert int(framed.sum()) == int(grey(10, 1).sum())
    with pytest.raises(DataError, match="size=24 would cut them"):
        idx.read(tmp_path, size=24)

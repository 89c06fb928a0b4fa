"""Arrays that a program already has become a data set of their own."""

import numpy as np
import pytest
import torch
from PIL import Image

import ablab
from ablab.data.sources.memory import arrays, from_arrays, from_items
from ablab.errors import DataError


def pair(images=20, seed=0, classes=2):
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (images, 6, 5, 3), dtype=np.uint8), np.arange(images) % classes


def test_numpy_and_torch_first_and_last_bytes_and_floats_are_one_data_set():
    (x, y), (tx, ty) = pair(), pair(8, seed=1)
    wanted = from_arrays((x, y), (tx, ty))
    assert wanted.in_shape == (3, 6, 5)
    for change in (
        lambda a: a.transpose(0, 3, 1, 2),
        lambda a: torch.from_numpy(a),
        lambda a: torch.from_numpy(a).permute(0, 3, 1, 2).double() / 255,
        lambda a: (a / 255).astype(np.float32),
    ):
        assert from_arrays((change(x), torch.from_numpy(y)), (change(tx), ty.astype(np.uint8))).fingerprint == (
            wanted.fingerprint
        )


def test_it_is_a_public_name():
    assert ablab.from_arrays is from_arrays


@pytest.mark.parametrize("wrap", [lambda a: a, torch.from_numpy])
def test_changing_the_arrays_afterwards_does_not_change_the_data_set(wrap):
    x, y = pair()
    x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))  # exactly as it is kept, so that sharing would be possible
    found = from_arrays((wrap(x), wrap(y)), (wrap(x), wrap(y)))
    pixel, label = found.train.images[3].clone(), found.train.labels.clone()
    x[:] = 0
    y[:] = 0
    for part in (found.train, found.test):
        assert torch.equal(part.images[3], pixel)
        assert torch.equal(part.labels, label)
    assert found.train.images.data_ptr() != found.test.images.data_ptr()


def test_arrays_that_may_not_be_written_to_are_read_all_the_same():
    x, y = pair()
    x.flags.writeable = y.flags.writeable = False
    found = from_arrays((x[::-1], y[::-1]), (x, y))
    assert torch.equal(found.train.images.flip(0), found.test.images)


def test_a_test_part_is_set_aside_where_none_is_given_and_it_says_so():
    x, y = pair(50)
    found = from_arrays((x, y))
    assert (len(found.train), len(found.test)) == (40, 10)
    assert torch.bincount(found.test.labels).tolist() == [5, 5]
    assert len(found.notes) == 1
    seen = {bytes(image.numpy()) for part in (found.train, found.test) for image in part.images}
    assert seen == {image.tobytes() for image in x.transpose(0, 3, 1, 2)}


def test_a_validation_part_and_names_are_kept():
    found = from_arrays(pair(), pair(6, 1), val=pair(4, 2), classes=("cat", "dog"), name="pets")
    assert (found.name, found.classes, len(found.val), found.notes) == ("pets", ("cat", "dog"), 4, ())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, y: from_arrays(x, y), r"train must be a pair .* write from_arrays\(\(images, labels\)\)"),
        (lambda x, y: from_arrays((x, y), x), r"test must be a pair .* test=\(images, labels\)"),
        (lambda x, y: from_arrays((x, y, x)), "train must be a pair"),
        (lambda x, y: from_arrays(None), "the training images are missing"),
        (lambda x, y: from_arrays((x, y[:-1])), "train labels: has 19 labels for 20 images"),
        (lambda x, y: from_arrays((y, x)), "train images: holds int64 values|train images: has the shape"),
        (
            lambda x, y: from_arrays((x, y), (x, y + 1), classes=["a", "b"]),
            "test labels: label 1 is 2; labels must be from 0 to 1",
        ),
        (lambda x, y: from_arrays((x, y), classes="ab"), "classes: must be a list of names"),
        (lambda x, y: from_arrays((x[:, :3], y)), 'add layout="NHWC"'),
        (lambda x, y: from_arrays((x[:1], y[:1]), classes=["a", "b"]), "has one image and no test images"),
    ],
)
def test_a_call_that_cannot_be_meant_says_what_to_write(call, message):
    with pytest.raises(DataError, match=message):
        call(*pair())


def collection():
    draw = np.random.default_rng(5)
    return draw.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), np.arange(40) % 4


def test_kept_images_are_found_again_under_their_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path))
    made = from_arrays(collection(), classes=["a", "b", "c", "d"])
    text = made.kept()
    assert text == made.kept() == f"arrays(k{made.fingerprint[:16]})"
    again = ablab.load_dataset(text)
    assert (again.fingerprint, again.classes) == (made.fingerprint, made.classes)
    assert repr(made) == "<Dataset memory: 32 + 8 images of 3x8x8 in 4 classes>"
    (path,) = (tmp_path / "arrays").iterdir()
    np.savez(path, x_train=255 - collection()[0], y_train=collection()[1])
    with pytest.raises(DataError, match="this file does not hold the images of"):
        arrays(key=text[7:-1])
    path.unlink()
    with pytest.raises(DataError, match="give them again"):
        arrays(key=text[7:-1])
    with pytest.raises(DataError, match="give them again"):
        arrays(key="../../etc/passwd")


def test_items_of_torch_and_of_hugging_face_are_data_sets():
    images, labels = collection()
    expected = from_arrays((images, labels), (images, labels))

    class OfTorch(torch.utils.data.Dataset):
        def __init__(self):
            self.classes = ["a", "b", "c", "d"]

        def __len__(self):
            return len(labels)

        def __getitem__(self, at):
            at %= len(labels)  # as many do: only the length says where it ends
            return torch.from_numpy(images[at]).permute(2, 0, 1).float() / 255, int(labels[at])

    found = from_items(OfTorch(), OfTorch())
    assert (found.fingerprint, found.classes) == (expected.fingerprint, ("a", "b", "c", "d"))
    rows = [{"img": Image.fromarray(image), "label": int(label)} for image, label in zip(images, labels, strict=True)]
    assert from_items(rows, rows).fingerprint == expected.fingerprint


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "train has no items"),
        ([1, 2], "give a pair of image and label"),
        ([{"x": 1}], "under their usual names"),
        ([(np.zeros((8, 8, 3), np.uint8), 0), (np.zeros((9, 8, 3), np.uint8), 1)], "images of several sizes"),
    ],
)
def test_items_that_are_none_are_told_with_their_place(items, message):
    with pytest.raises(DataError, match=message):
        from_items(items)

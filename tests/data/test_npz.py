"""An .npz is read by the names of its arrays; whatever it claims is held against the file before it is believed."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch

from ablab.data.sources import npz
from ablab.errors import DataError

DRAW = np.random.default_rng(0)
X, TX, VX = (DRAW.integers(0, 256, (n, 6, 6, 3), dtype=np.uint8) for n in (20, 8, 4))
Y, TY, VY = (np.arange(n) % 2 for n in (20, 8, 4))


def saved(path, compressed=False, **arrays):
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


def member(array=None, header=None, body=b""):
    """An .npy, or one with a header of our own."""
    if array is not None:
        out = io.BytesIO()
        np.lib.format.write_array(out, array, allow_pickle=False)
        return out.getvalue()
    text = header.encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def zipped(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("images", "labels"),
    [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X_{}", "y_{}"), ("{}_x", "{}_y"), ("{}_data", "{}_labels")],
)
def test_the_usual_names_are_the_same_data_set(tmp_path, images, labels, compressed):
    parts = {"train": (X, Y), "test": (TX, TY), "val": (VX, VY)}
    arrays = {images.format(part): x for part, (x, _) in parts.items()}
    arrays |= {labels.format(part): y for part, (_, y) in parts.items()}
    path = saved(tmp_path / "a.npz", compressed, **arrays)
    assert npz.recognise(path)
    found = npz.read(path)
    for part, (x, y) in parts.items():
        examples = getattr(found, part)
        assert np.array_equal(examples.images.numpy(), x.transpose(0, 3, 1, 2))
        assert examples.labels.tolist() == y.tolist()
    assert found.name == "a.npz"
    assert found.notes == ()


@pytest.mark.parametrize(("images", "labels"), [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels")])
def test_one_pair_of_arrays_has_a_test_part_set_aside(tmp_path, images, labels):
    found = npz.read(saved(tmp_path / "a.npz", **{images: X, labels: Y}))
    assert (len(found.train), len(found.test), len(found.notes)) == (16, 4, 1)


def test_grey_images_label_columns_class_names_and_fortran_order(tmp_path):
    grey = np.asfortranarray(X[..., 0])
    found = npz.read(
        saved(
            tmp_path / "a.npz",
            train_images=grey,
            train_labels=Y[:, None].astype(np.uint8),
            test_images=TX[..., 0].astype(np.float32) / 255,
            test_labels=TY.astype(">i4"),
            classes=np.array(["cat", "dog"]),
            unrelated=np.array([None]),
        )
    )
    assert (found.classes, found.in_shape) == (("cat", "dog"), (1, 6, 6))
    assert np.array_equal(found.train.images[:, 0].numpy(), X[..., 0])
    assert np.array_equal(found.test.images[:, 0].numpy(), TX[..., 0])


def test_a_zip_of_arrays_is_recognised_whatever_it_is_called(tmp_path):
    path = saved(tmp_path / "a.npz", x=X, y=Y).rename(tmp_path / "a.data")
    assert npz.recognise(path)
    assert not npz.recognise(zipped(tmp_path / "b.zip", [("readme.txt", b"x")]))
    assert not npz.recognise(tmp_path)
    assert not npz.recognise(tmp_path / "absent.npz")


def test_text_labels_name_the_classes(tmp_path):
    found = npz.read(saved(tmp_path / "a.npz", x=X, y=np.where(Y == 0, "dog", "cat")))
    assert found.classes == ("cat", "dog")


@pytest.mark.parametrize("name", ["x", "y", "classes"])
def test_arrays_of_objects_are_refused_and_run_nothing(tmp_path, name):
    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    arrays = {"x": X, "y": Y, "classes": np.array(["a", "b"]), name: np.array([Hostile()], dtype=object)}
    path = saved(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=f"a.npz: {name}: is an array of Python objects, and ablab never reads those"):
        npz.read(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"pictures": X, "labels": Y},
            "its arrays do not have the names .*: pictures, labels; name them x_train and y_train",
        ),
        ({"x_train": X}, "has x_train but no y_train"),
        ({"x_train": X, "y_train": Y, "x_test": TX}, "has x_test but no y_test"),
        ({"x_test": X, "y_test": Y}, "has x_test but no x_train"),
        (
            {"x_train": X, "y_train": Y, "x_val": VX, "y_val": VY, "x_valid": VX, "y_valid": VY},
            "has both x_val and x_valid",
        ),
        ({"x": X, "X": X, "y": Y}, 'has the array "X?x?" twice'),
        ({"x": X, "y": Y[:-1]}, "y: has 19 labels for 20 images"),
        ({"x": X, "y": Y * 2}, "y: no label is 1, but there is 2"),
        ({"x": X, "y": Y, "classes": np.array(["a"])}, "classes: names 1 class"),
        ({"x": X, "y": Y.astype("M8[s]")}, "y: holds datetime64"),
        ({"x": X, "y": np.zeros(20, "i4,i4")}, "y: holds .* values; they must be numbers"),
        ({"x": X.astype(float), "y": Y}, "x: image 0 has the value"),
        ({}, "its arrays do not have the names of a data set: none"),
    ],
)
def test_what_is_wrong_names_the_file_and_the_array(tmp_path, arrays, message):
    with pytest.raises(DataError, match=f"a.npz: {message}"):
        npz.read(saved(tmp_path / "a.npz", **arrays))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "coarse"}, "one kind of labels"),
        ({"skip_unreadable": True}, "only folders of images"),
        ({"size": 32}, "has images of 6 x 6 pixels and cannot be resized"),
    ],
)
def test_options_that_do_not_apply_are_errors(tmp_path, options, message):
    path = saved(tmp_path / "a.npz", x=X, y=Y)
    with pytest.raises(DataError, match=message):
        npz.read(path, **options)


def test_a_size_that_it_has_is_no_error(tmp_path):
    assert npz.read(saved(tmp_path / "a.npz", x=X, y=Y), size=6).in_shape == (3, 6, 6)


def refused_cheaply(path, message):
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=message):
            npz.read(path)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_bomb_is_refused_before_room_is_made_for_it(tmp_path):
    big = member(np.zeros((60_000, 64, 64), np.uint8))  # 246 MB in 0.24 MB
    path = zipped(tmp_path / "a.npz", [("x.npy", big), ("y.npy", member(Y))], zipfile.ZIP_DEFLATED)
    del big
    assert path.stat().st_size < 1 << 20
    refused_cheaply(path, r"a.npz: claims 245,76\d,\d+ bytes of arrays in a file of 2\d\d,\d+ bytes")


@pytest.mark.parametrize(
    "shape",
    ["(1000000000000,)", "(-4, 4)", "(4611686018427387904, 4, 4, 4)", "(20, 6, 6)", "(20, 6, 6, 3, 2)", "(True, 5)"],
)
def test_a_header_that_says_other_bytes_than_the_file_has_is_refused(tmp_path, shape):
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n"
    path = zipped(tmp_path / "a.npz", [("x.npy", member(header=text, body=X.tobytes())), ("y.npy", member(Y))])
    refused_cheaply(path, "a.npz: x: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\3\0" + bytes(200),
        b"\x93NUMPY\2\0\xff\xff\xff\x7f" + bytes(200),
        member(header="(" * 5000),
        member(header="{'descr': '|u1'}"),
        member(header="{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", body=bytes(8)),
        member(header="__import__('os').abort()"),
        b"no array at all, but a text",
    ],
)
def test_a_member_that_is_no_array_is_refused(tmp_path, content):
    path = zipped(tmp_path / "a.npz", [("x.npy", content), ("y.npy", member(Y))])
    refused_cheaply(path, "a.npz: x: ")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_flipped_bit_in_the_pixels_is_noticed(tmp_path, compressed):
    path = saved(tmp_path / "a.npz", compressed, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[1000] ^= 16
    path.write_bytes(content)
    with pytest.raises(DataError, match="a.npz: x: .*damaged"):
        npz.read(path)


@pytest.mark.parametrize("left", [0, 1, 40, 1000, -1, -30])
def test_a_file_cut_short_is_an_error_that_names_it(tmp_path, left):
    path = saved(tmp_path / "a.npz", x=X, y=Y)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(DataError, match="a.npz: is damaged, cut short or not an .npz"):
        npz.read(path)


def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path / "a.npz", [("x.npy", member(X)), ("x.npy", member(X)), ("y.npy", member(Y))])
    with pytest.raises(DataError, match='has the array "x" twice'):
        npz.read(path)


def test_labels_and_images_are_as_every_source_gives_them(tmp_path):
    found = npz.read(saved(tmp_path / "a.npz", x_train=X, y_train=Y, x_test=TX, y_test=TY))
    for part in (found.train, found.test):
        assert (part.images.dtype, part.labels.dtype) == (torch.uint8, torch.int64)
        assert part.images.is_contiguous()

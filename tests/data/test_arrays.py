"""Raw arrays of every layout and type become the same u8[N,C,H,W] and i64[N], or an error that says what to write."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from ablab.data.arrays import Raw, class_names, dataset, label_array, pixels
from ablab.errors import DataError


def random(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", ">f4", "bfloat16"])
def test_every_byte_comes_back_from_its_float(kind):
    steps = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    if kind == "bfloat16":  # 8 bits are too few for 256 steps: the nearest step to what is there
        floats = torch.from_numpy(steps / 255).to(torch.bfloat16)
        assert torch.equal(pixels(floats, "x"), (floats.float() * 255).round().to(torch.uint8))
        return
    floats = (steps / 255).astype(kind)
    assert np.array_equal(pixels(floats, "x").numpy(), steps)
    if kind[0] != ">":
        assert np.array_equal(pixels(torch.from_numpy(floats), "x").numpy(), steps)


@pytest.mark.slow
@given(
    arrays_of.arrays(
        np.uint8, st.tuples(st.integers(1, 5), st.integers(5, 9), st.integers(5, 9), st.sampled_from((1, 3)))
    )
)
def test_channels_first_and_last_are_the_same_images(last):
    first = np.ascontiguousarray(last.transpose(0, 3, 1, 2))
    wanted = torch.from_numpy(first.copy())
    for array in (last, first, torch.from_numpy(last), last.astype(np.float32) / 255, np.asfortranarray(last)):
        found = pixels(array, "x")
        assert torch.equal(found, wanted)
        assert found.is_contiguous()


def test_more_images_than_are_converted_at_once_keep_their_order():
    images = random(2500, 4, 5, 3)
    assert np.array_equal(pixels(images, "x").numpy(), images.transpose(0, 3, 1, 2))
    assert np.array_equal(pixels(images / 255, "x").numpy(), images.transpose(0, 3, 1, 2))


def test_grey_images_may_lack_the_channel():
    images = random(4, 6, 7)
    assert np.array_equal(pixels(images, "x").numpy(), images[:, None])


@pytest.mark.parametrize("shape", [(2, 3, 8, 3), (2, 1, 8, 1), (2, 3, 8, 1), (2, 3, 3, 3)])
def test_a_shape_that_may_be_read_both_ways_asks_for_the_layout(shape):
    images = random(*shape)
    with pytest.raises(DataError, match='x: has the shape .* add layout="NHWC"'):
        pixels(images, "x")
    assert np.array_equal(pixels(images, "x", layout="NCHW").numpy(), images)
    assert np.array_equal(pixels(images, "x", layout="NHWC").numpy(), images.transpose(0, 3, 1, 2))


def test_an_unknown_layout_is_an_error():
    with pytest.raises(DataError, match='layout = "?.HWCN.*must be "NHWC"'):
        pixels(random(2, 4, 4, 3), "x", layout="HWCN")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (random(2, 8, 8, 4), r"4 channels; drop the alpha channel: images\[..., :3\]"),
        (random(2, 4, 8, 8), r"4 channels; drop the alpha channel: images\[:, :3\]"),
        (random(2, 8, 8, 2), "2 channels; there must be 1 or 3"),
        (random(2, 192), r"has the shape \[2,192\]; it must be \[N,H,W,C\]"),
        (random(0, 8, 8, 3), "there are no images in it"),
        (random(2, 0, 8, 3), "there are no images in it"),
        (random(2, 8, 8, 3).astype(np.int64), r'holds int64 values; .* write images.astype\("uint8"\)'),
        (np.zeros((2, 8, 8), bool), "holds bool values; they must be uint8, or floats from 0 to 1$"),
        (np.zeros((2, 8, 8), complex), "holds complex128 values"),
        (np.array([None, "a"]), "array of Python objects, and ablab never reads those"),
        ([random(4, 4), random(5, 5)], r"its items differ in shape; write np.stack\(items\)"),
        (None, "is of type NoneType; it must be a numpy array"),
        (torch.zeros(2, 3, 8, 8).to_sparse(), "layout torch.sparse_coo"),
        (np.full((2, 8, 8, 3), 254.5), r"image 0 has the value 254.5; .* images.round\(\).astype"),
        (np.full((2, 8, 8, 3), -1.2), "image 0 has the value -1.2; .* before standardization"),
        (np.full((2, 8, 8, 3), 1e9), "image 0 has the value 1e[+]09"),
    ],
)
def test_images_that_cannot_be_are_an_error_that_says_what_to_write(images, message):
    with pytest.raises(DataError, match=f"^x: .*{message}"):
        pixels(images, "x")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.001])
def test_a_float_outside_0_to_1_names_the_first_image_that_has_it(value):
    images = np.zeros((2000, 4, 4, 3), np.float32)
    images[1500, 2, 1, 0] = value
    images[1700] = value
    with pytest.raises(DataError, match="image 1500 has the value"):
        pixels(images, "x")


def test_labels_of_every_whole_type_and_of_one_column_are_the_same():
    for kind in ("u1", "i1", "u2", ">i4", "i8", "u8"):
        assert label_array(np.array([0, 2, 1], kind), "y", 3).tolist() == [0, 2, 1]
    assert label_array(np.array([[0], [2]]), "y", 2).tolist() == [0, 2]
    assert label_array(torch.tensor([1, 0]), "y", 2).tolist() == [1, 0]
    assert label_array([1, 0], "y", 2).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(3), "has 3 labels for 2 images"),
        (np.eye(2), r"has the shape \[2,2\] .* write labels.argmax\(1\)"),
        (np.zeros((2, 1, 1), int), r"it must have one label for each image: \[N\]"),
        (np.array([0.0, 1.0]), r'holds float64 values; .* write labels.astype\("int64"\)'),
        (np.array([True, False]), r'holds bool values; .*write labels.astype\("int64"\)'),
        (np.array([b"a", b"b"]), "holds bytes8 values"),
        (np.array([None, 1]), "array of Python objects"),
        ("ab", "is of type str"),
    ],
)
def test_labels_that_cannot_be_are_an_error_that_says_what_to_write(labels, message):
    with pytest.raises(DataError, match=f"^y: .*{message}"):
        label_array(labels, "y", 2)


def made(labels, test=None, **options):
    labels = np.asarray(labels)
    test = labels if test is None else np.asarray(test)
    parts = {
        "train": Raw(random(len(labels), 4, 4, 3), labels, "x", "y"),
        "test": Raw(random(len(test), 4, 4, 3, seed=1), test, "tx", "ty"),
    }
    return dataset("set", parts, **options)


def test_classes_are_numbered_where_none_are_named():
    found = made([0, 1, 2, 1])
    assert found.classes == ("0", "1", "2")
    assert found.train.labels.tolist() == [0, 1, 2, 1]
    assert found.train.labels.dtype == torch.int64


def test_a_class_may_be_in_one_part_only():
    assert made([0, 1], [2, 0]).classes == ("0", "1", "2")


def test_texts_are_classes_in_alphabetical_order_or_in_the_order_that_is_given():
    found = made(["dog", "cat", "dog"])
    assert (found.classes, found.train.labels.tolist()) == (("cat", "dog"), [1, 0, 1])
    found = made(["dog", "cat", "dog"], classes=["dog", "cat", "bird"])
    assert (found.classes, found.train.labels.tolist()) == (("dog", "cat", "bird"), [0, 1, 0])


@pytest.mark.parametrize(
    ("labels", "test", "classes", "message"),
    [
        ([0, 2, 3], None, None, "y: no label is 1, but there is 2: number the classes from 0 without gaps"),
        ([1, 2], None, None, "y: no label is 0, but there is 1"),
        ([0, 1], [0, -1, -2], None, "ty: label 1 is -1; labels must start at 0"),
        ([0, 10**12], None, None, "y: no label is 1, but there is 1000000000000"),
        ([0, 0], None, None, "y: all labels are the same"),
        ([0, 1, 2, 3], None, ["a", "b"], "y: label 2 is 2; labels must be from 0 to 1"),
        (np.array([0, 2**64 - 1], "u8"), None, ["a", "b"], "y: label 1 is 18446744073709551615"),
        (["a", "c"], None, ["a", "b"], "y: label 1 is 'c'; the classes are a, b"),
        ([0, 1], ["a", "b"], None, "y holds numbers but ty holds texts"),
    ],
)
def test_labels_that_fit_no_classes_name_the_first_bad_row(labels, test, classes, message):
    with pytest.raises(DataError, match=message):
        made(labels, test, classes=classes)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("ab", "must be a list of names"),
        (["a", ""], "must be a list of names"),
        ([1, 2], "must be a list of names"),
        (["a", "b", "a"], 'names "a" twice'),
        (["a"], "names 1 class; there must be at least two"),
        (np.array([[0x110000, 1]], "<u4").view("<U1")[0], "invalid characters"),
        (np.array(["a", "\ud800"]), "invalid characters"),
    ],
)
def test_class_names_are_at_least_two_different_texts(classes, message):
    with pytest.raises(DataError, match=f"c: .*{message}"):
        class_names(classes, "c")


def test_parts_of_different_shape_are_an_error_that_names_both():
    parts = {
        "train": Raw(random(2, 4, 4, 3), np.arange(2), "x", "y"),
        "test": Raw(random(2, 8, 4, 3), np.arange(2), "tx", "ty"),
    }
    with pytest.raises(DataError, match="tx: has images of 3 x 8 x 4 .* those of x are 3 x 4 x 4"):
        dataset("set", parts)

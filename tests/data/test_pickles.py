"""The reader of official CIFAR files reads them as they are, and nothing else."""

import ast
import pickletools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.data import pickles
from ablab.errors import DataError
from cifar_files import Pickle, cifar10_pickle, cifar100_pickle

PIXELS = bytes(range(256)) * 24  # two images


def test_a_genuine_batch_gives_its_labels_names_and_a_view_of_its_pixels():
    data = bytearray(cifar10_pickle(PIXELS, [3, 9], [b"tabby_cat_s_000001.png", b"truck_s_1.png"]))
    batch = pickles.read(data, "test_batch")
    assert list(batch) == [b"batch_label", b"labels", b"data", b"filenames"]
    assert batch[b"batch_label"] == b"testing batch 1 of 1"
    assert batch[b"labels"] == [3, 9]
    assert batch[b"filenames"] == [b"tabby_cat_s_000001.png", b"truck_s_1.png"]
    block = batch[b"data"]
    assert (block.rows, block.columns) == (2, 3072)
    assert bytes(block.data) == PIXELS
    assert block.data.obj is data, "the pixels were copied"


def test_a_batch_of_cifar_100_has_both_kinds_of_labels():
    batch = pickles.read(cifar100_pickle(PIXELS, [99, 0], [19, 4]), "train")
    assert batch[b"fine_labels"] == [99, 0]
    assert batch[b"coarse_labels"] == [19, 4]


@given(st.lists(st.integers(-(2**31), 2**31 - 1)), st.lists(st.binary(max_size=255)))
def test_numbers_and_strings_come_back_as_they_were_written(numbers, strings):
    file = Pickle()
    file.put(b"}")
    file.out += b"("
    file.string(b"numbers")
    file.whole_list(numbers)
    file.string(b"strings")
    file.whole_list(strings)
    assert pickles.read(bytes(file.out + b"u."), "batch") == {b"numbers": numbers, b"strings": strings}


@given(st.integers(0, 10**6))
def test_a_file_cut_short_anywhere_is_an_error_that_names_it(at):
    data = cifar10_pickle(PIXELS, [3, 9])
    with pytest.raises(DataError, match="^data_batch_1: "):
        pickles.read(data[: at % len(data)], "data_batch_1")


def test_an_error_tells_the_byte_and_the_opcode():
    data = cifar10_pickle(PIXELS, [3, 9])
    at = data.index(b"\x85")  # TUPLE1
    with pytest.raises(DataError, match=rf"^b: opcode NEWOBJ \(0x81\) at byte {at:,}; no official CIFAR file has that"):
        pickles.read(data[:at] + b"\x81" + data[at + 1 :], "b")


def test_an_error_tells_the_name_that_was_asked_for_and_shows_no_control_characters():
    data = cifar10_pickle(PIXELS, [3, 9]).replace(b"cnumpy\ndtype", b"cposix\nsy\x1bstem")
    with pytest.raises(DataError) as caught:
        pickles.read(data, "b")
    assert r"GLOBAL names 'posix.sy\x1bstem'" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"(K\1K\2M\0\x0c\x86", b"(K\1K\3M\0\x0c\x86", "an array of 3 x 3072 in 6,144 bytes"),
        (b"(K\1K\2M\0\x0c\x86", b"(K\1K\0M\0\x0c\x86", "an array without two positive dimensions"),
        (b"(K\1K\2M\0\x0c\x86", b"(K\1M\0\x18\x85", "an array without two positive dimensions"),
        (b"U\2u1", b"U\2u8", "REDUCE of something other than an array of bytes"),
        (b"U\2u1", b"U\2O8", "REDUCE of something other than an array of bytes"),
        (b"K\3U\1|", b"K\4U\1|", "BUILD of something other than an array of bytes"),
        (b"K\0\x85U\1b\x87", b"K\1\x85U\1b\x87", "REDUCE of something other than an array of bytes"),
        (b"\x80\x02}", b"\x80\x04}", "PROTO 4"),
        (b"u.", b"u.\0", "1 bytes follow the STOP"),
        (b"u.", b"u", "the file ends without a STOP"),
        (b"u.", b".", "the STOP does not leave one dictionary"),
        (b"u.", b"e.", "APPENDS to something that is no list"),
        (b"u.", b"uu.", "SETITEMS (0x75) without a MARK"),
        (b"u.", b"(R.", "REDUCE (0x52) finds nothing on the stack"),
    ],
)
def test_structures_that_no_genuine_file_has_are_named(old, new, message):
    data = cifar10_pickle(PIXELS, [3, 9])
    assert data.count(old) == 1
    with pytest.raises(DataError, match=re.escape(message)):
        pickles.read(data.replace(old, new), "b")


def test_a_key_that_appears_twice_is_refused():
    with pytest.raises(DataError, match="appears twice"):
        pickles.read(b"\x80\x02}(U\x01aK\x01U\x01aK\x02u.", "b")


def test_no_more_than_a_million_opcodes_are_carried_out():
    with pytest.raises(DataError, match="more than 1,000,000 opcodes"):
        pickles.read(b"\x80\x02}" + b"N" * 1_000_001, "b")


def test_the_names_of_opcodes_are_pythons_own():
    assert {ord(code): opcode.name for code, opcode in pickletools.code2op.items()} == pickles.NAMES


def test_the_reader_knows_23_opcodes_and_imports_no_unpickler():
    assert len(pickles.OPCODES) + 5 == 23
    tree = ast.parse(Path(pickles.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"enum", "collections.abc", "dataclasses", "typing", "ablab.errors"}


@pytest.mark.real_data
def test_our_writer_of_batches_makes_the_official_file_byte_for_byte(cifar_root):
    official = (cifar_root / "cifar-10-batches-py" / "test_batch").read_bytes()
    batch = pickles.read(official, "test_batch")
    ours = cifar10_pickle(bytes(batch[b"data"].data), batch[b"labels"], batch[b"filenames"], batch[b"batch_label"])
    assert ours == official


@pytest.mark.real_data
def test_the_official_names_of_the_classes_are_those_that_we_know(cifar_root):
    from ablab.data.known import CIFAR10_CLASSES, COARSE_CLASSES, FINE_CLASSES

    meta = pickles.read((cifar_root / "cifar-10-batches-py" / "batches.meta").read_bytes(), "batches.meta")
    assert [name.decode() for name in meta[b"label_names"]] == list(CIFAR10_CLASSES)
    other = cifar_root / "cifar-100-python" / "meta"
    if other.exists():
        meta = pickles.read(other.read_bytes(), "meta")
        assert [name.decode() for name in meta[b"fine_label_names"]] == list(FINE_CLASSES)
        assert [name.decode() for name in meta[b"coarse_label_names"]] == list(COARSE_CLASSES)

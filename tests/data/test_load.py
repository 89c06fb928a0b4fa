"""A data set is found by its path, its name in the data folders, or as it is generated; errors say what to type."""

import shutil

import numpy as np
import pytest
import torch

import ablab.data
from ablab.data import load_dataset
from ablab.data.places import data_folders, download_folder
from ablab.errors import DataError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Nothing of this machine's data is found, and nothing is left in its cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLAB_DATA", raising=False)
    monkeypatch.setenv("ABLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def arrays(path, seed=0):
    draw = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        x_train=draw.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8),
        y_train=np.arange(20) % 2,
        x_test=draw.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8),
        y_test=np.arange(4) % 2,
    )
    return path


def test_data_is_looked_for_in_the_named_folder_then_ablab_data_then_data_then_the_users_cache(tmp_path, monkeypatch):
    assert data_folders() == (tmp_path / "data", tmp_path / "user" / "ablab" / "data")
    monkeypatch.setenv("ABLAB_DATA", str(tmp_path / "told"))
    assert data_folders("named") == (
        tmp_path / "named",
        tmp_path / "told",
        tmp_path / "data",
        tmp_path / "user" / "ablab" / "data",
    )
    assert data_folders("data") == (tmp_path / "data", tmp_path / "told", tmp_path / "user" / "ablab" / "data")


def test_downloads_go_to_the_named_folder_or_ablab_data_or_the_users_cache(tmp_path, monkeypatch):
    assert download_folder() == tmp_path / "user" / "ablab" / "data"
    monkeypatch.setenv("ABLAB_DATA", str(tmp_path / "told"))
    assert download_folder() == tmp_path / "told"
    assert download_folder("named") == tmp_path / "named"


def test_a_path_is_read_by_the_source_that_recognises_it(tmp_path):
    path = arrays(tmp_path / "made.npz")
    found = load_dataset(str(path))
    assert (len(found.train), len(found.test), found.in_shape) == (20, 4, (3, 8, 8))
    assert load_dataset("made.npz").fingerprint == found.fingerprint
    with np.load(path, allow_pickle=False) as file:
        assert torch.equal(found.train.images, torch.from_numpy(file["x_train"]).permute(0, 3, 1, 2))


def test_a_path_comes_before_a_name(tmp_path):
    (tmp_path / "phantom").mkdir()
    with pytest.raises(DataError, match="phantom: "):  # an empty folder, and no generated pictures
        load_dataset("phantom")
    arrays(tmp_path / "cifar10.npz")
    assert len(load_dataset("cifar10.npz").train) == 20


def test_an_absent_data_set_is_one_message_with_what_where_and_how(tmp_path):
    with pytest.raises(DataError) as raised:
        load_dataset("cifar10", tmp_path / "here")
    message = str(raised.value)
    for part in (
        "cifar10 is not here",
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
        f"{tmp_path / 'here'}, {tmp_path / 'data'}, {tmp_path / 'user' / 'ablab' / 'data'}",
        "ablab data get cifar10",
        "put cifar-10-python.tar.gz (170,498,071 bytes, from https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz) "
        f"into {tmp_path / 'here'}",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cifar-10", 'there is no data set, file or folder called "cifar-10".*did you mean "cifar10"'),
        ("phantm(difficulty=0.5)", 'did you mean "phantom"'),
        ("zzz", "known: arrays, cifar10, cifar100, .*digits, .*phantom, "),
        ("photos/cats", "photos/cats: no such file or folder"),
        ("x.npz", "x.npz: no such file or folder"),
        ("", "give a data set as a path, as a name"),
        ("cifar10(", "a bracket is never closed"),
        ("a" * 5000, "there is no data set"),
        ("nul\0", "give a data set as a path"),
        ("cifar10(coarse)", r'cifar10\(coarse\): labels = "coarse" is not one of its values: known: fine'),
        ("cifar100(course)", 'labels = "course" is not one of its values: did you mean "coarse"'),
        ("phantom(hardness=1)", 'no option is called "hardness": known'),
        ("phantom(1, 2, 3, 4, 5, 6, 7, 8, 9)", "phantom takes at most 5 arguments .*; 9 given"),
    ],
)
def test_text_that_names_nothing_is_a_message(text, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        load_dataset(text)


def test_a_size_is_not_for_generated_sets():
    with pytest.raises(DataError, match="generated images have a fixed size"):
        load_dataset("phantom", size=16)


def test_a_file_that_no_source_knows_is_a_message_that_names_it(tmp_path):
    (tmp_path / "notes.txt").write_text("no pictures here")
    with pytest.raises(DataError, match=r"notes.txt: nothing here looks like a data set"):
        load_dataset("notes.txt")


def test_arguments_of_a_generator_are_taken_by_name_and_by_place():
    one = load_dataset("phantom(difficulty=0.4, train=20, test=10)")
    other = load_dataset("phantom(test=10, train=20, difficulty=0.4)")
    assert (len(one.train), len(one.test)) == (20, 10)
    assert one.fingerprint == other.fingerprint
    assert load_dataset("phantom(0.4, 20, 10)").fingerprint == one.fingerprint


def test_arrays_in_memory_are_a_data_set_too():
    images, labels = np.zeros((6, 4, 4, 3), dtype=np.uint8), np.arange(6) % 2
    made = ablab.data.from_arrays((images, labels), (images, labels))
    assert (len(made.train), made.in_shape) == (6, (3, 4, 4))
    with pytest.raises(AttributeError, match="no public name 'from_lists'"):
        _ = ablab.data.from_lists


@pytest.mark.real_data
def test_cifar10_comes_from_the_cache_with_the_same_pixels_and_the_official_names(cifar_root, tmp_path):
    first, again = load_dataset("cifar10", cifar_root), load_dataset("cifar10", cifar_root)
    assert first.fingerprint == again.fingerprint
    assert first.classes[0] == "airplane"
    assert first.name == again.name == "cifar10"
    assert len(list((tmp_path / "cache").glob("*.cache"))) == 1


@pytest.mark.real_data
def test_other_pixels_under_the_official_name_are_refused(cifar_root, tmp_path):
    folder = tmp_path / "data" / "cifar-10-batches-py"
    shutil.copytree(cifar_root / "cifar-10-batches-py", folder)
    content = bytearray((folder / "data_batch_3").read_bytes())
    content[20_000_000] ^= 1
    (folder / "data_batch_3").chmod(0o600)
    (folder / "data_batch_3").write_bytes(content)
    with pytest.raises(DataError, match="data_batch_3|official"):
        load_dataset("cifar10")
    assert list((tmp_path / "cache").glob("*.cache")) == []


@pytest.mark.real_data
def test_a_name_is_found_in_the_first_folder_that_has_it(cifar_root, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cifar-10-batches-py").symlink_to(cifar_root / "cifar-10-batches-py")
    assert load_dataset("cifar10").name == "cifar10"
    monkeypatch.setenv("ABLAB_DATA", str(tmp_path / "empty"))
    assert load_dataset("cifar10").name == "cifar10"

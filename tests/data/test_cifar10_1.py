"""CIFAR-10.1 tests on new images what CIFAR-10 trains."""

import shutil

import numpy as np
import pytest
import torch

from ablab.data import load_dataset
from ablab.data.sources import cifar10_1
from ablab.errors import DataError


def written(folder, images, labels, version="v6"):
    folder.mkdir(exist_ok=True, parents=True)
    np.save(folder / f"cifar10.1_{version}_data.npy", images)
    np.save(folder / f"cifar10.1_{version}_labels.npy", np.asarray(labels, np.int32))


def colours(images, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (images, 32, 32, 3), np.uint8)


@pytest.mark.slow
def test_it_trains_on_cifar10_and_tests_on_its_own_images(cifar_root, tmp_path):
    (tmp_path / "cifar-10-batches-py").symlink_to(cifar_root / "cifar-10-batches-py")
    written(tmp_path / "CIFAR-10.1" / "datasets", colours(20), [*range(10)] * 2)
    made = load_dataset("cifar10_1", tmp_path)
    official = load_dataset("cifar10", cifar_root)
    assert (made.name, made.classes) == ("cifar10_1", official.classes)
    assert made.train.fingerprint == official.train.fingerprint
    assert torch.equal(made.test.images, torch.from_numpy(colours(20)).permute(0, 3, 1, 2))
    assert made.test.labels.tolist() == [*range(10)] * 2


def test_the_name_with_a_point_finds_it():
    with pytest.raises(DataError, match='did you mean "cifar10_1"'):
        load_dataset("cifar10.1")


def test_the_newer_version_comes_first(tmp_path):
    for version in ("v4", "v6"):
        written(tmp_path, colours(20), [*range(10)] * 2, version)
    assert cifar10_1._images(tmp_path).name == "cifar10.1_v6_data.npy"
    (tmp_path / "cifar10.1_v6_data.npy").unlink()
    assert cifar10_1._images(tmp_path).name == "cifar10.1_v4_data.npy"


def test_without_cifar10_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("ABLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    written(tmp_path / "cifar10.1", colours(20), [*range(10)] * 2)
    with pytest.raises(DataError, match="CIFAR-10 is not here: ablab data get cifar10"):
        cifar10_1.read(tmp_path / "cifar10.1")


@pytest.mark.slow
def test_damaged_arrays_are_named(cifar_root, tmp_path):
    (tmp_path / "cifar-10-batches-py").symlink_to(cifar_root / "cifar-10-batches-py")
    folder = tmp_path / "cifar10.1"
    written(folder, colours(20), [*range(9), 10] * 2)
    with pytest.raises(DataError, match=r"v6_labels.npy: label 9 is 10; labels must be from 0 to 9"):
        cifar10_1.read(folder)
    written(folder, np.array([{}], dtype=object), [1])
    with pytest.raises(DataError, match="Python objects, and ablab never reads those"):
        cifar10_1.read(folder)
    shutil.copy(folder / "cifar10.1_v6_labels.npy", folder / "cifar10.1_v6_data.npy")
    content = (folder / "cifar10.1_v6_data.npy").read_bytes()
    (folder / "cifar10.1_v6_data.npy").write_bytes(content[:-1])
    with pytest.raises(DataError, match="its header says 4 bytes, but it has 3"):
        cifar10_1.read(folder)

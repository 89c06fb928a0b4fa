"""Published data sets by name: found in a data folder, compared with their published digests, named as published."""

import numpy as np
import pytest

from ablab.catalogue import catalogue
from ablab.data import load_dataset
from ablab.data.fetch import fetch
from ablab.data.official import OFFICIAL
from ablab.data.sources.memory import from_arrays
from ablab.errors import DataError
from idx_files import grey, written


def test_every_official_data_set_has_a_name_that_loads_it():
    marked = catalogue("data", "published")
    assert set(OFFICIAL) < set(marked)
    for name, official in OFFICIAL.items():
        assert marked[name].load()() == official
        assert set(official.md5) <= set(official.files)
        assert all(len(digest) == 32 for digest in official.md5.values())


@pytest.mark.parametrize("name", OFFICIAL)
def test_one_that_is_missing_says_which_files_go_where(name, tmp_path):
    with pytest.raises(DataError) as caught:
        load_dataset(name, tmp_path)
    official, text = OFFICIAL[name], str(caught.value)
    assert f"{name} is not here: looked for {official.places[0]}" in text
    assert f"get {official.files[0]}" in text
    assert f"from {official.site} and put them into {tmp_path / official.places[0]}" in text


def test_files_with_official_names_and_another_content_are_refused_by_name_and_taken_by_path(tmp_path):
    written(tmp_path / "mnist", grey(20), np.arange(20) % 10)
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz: is not the official file of mnist"):
        load_dataset("mnist", tmp_path)
    assert load_dataset(str(tmp_path / "mnist")).in_shape == (1, 28, 28)


def test_unpacked_files_have_no_published_digest_and_get_the_published_classes(tmp_path):
    written(tmp_path / "FashionMNIST" / "raw", grey(20), np.arange(20) % 10, packed=False)
    made = load_dataset("fashion-mnist", tmp_path)
    assert (made.name, made.classes[0], made.classes[9]) == ("fashion-mnist", "T-shirt/top", "Ankle boot")


def test_another_number_of_classes_is_refused():
    made = from_arrays((grey(40), np.arange(40) % 4))
    with pytest.raises(DataError, match="mnist has 10 classes, and the files here have 4"):
        OFFICIAL["mnist"].named(made)


def test_what_is_not_downloaded_says_where_its_files_are(tmp_path):
    with pytest.raises(
        DataError, match=r"svhn cannot be downloaded by ablab: get train_32x32.mat, test_32x32.mat from"
    ):
        fetch("svhn", tmp_path)

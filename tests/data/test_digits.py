"""digits: scikit-learn's pictures, with a fifth of each class for testing; and what is said where there are none."""

import sys

import numpy as np
import pytest

from ablab.data import load_dataset
from ablab.data.sources.digits import digits
from ablab.errors import DataError


def test_all_of_the_pictures_are_there_and_a_fifth_is_set_aside():
    sklearn = pytest.importorskip("sklearn.datasets").load_digits()
    data = load_dataset("digits")
    assert data.train.images.shape == (1438, 1, 8, 8)
    assert data.test.images.shape == (359, 1, 8, 8)
    assert data.classes == tuple("0123456789")
    ours = sorted(
        (int(label), image.numpy().tobytes())
        for part in (data.train, data.test)
        for image, label in zip(part.images, part.labels, strict=True)
    )
    shades = np.rint(sklearn.images * 255 / 16).astype(np.uint8)
    assert ours == sorted((int(y), x.tobytes()) for x, y in zip(shades, sklearn.target, strict=True))
    assert data.train.images.max() == 255
    assert "serve as test images" in data.notes[0]


def test_without_scikit_learn_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match="pip install scikit-learn"):
        digits()

"""digits: scikit-learn's handwritten digits, a task that flipped pictures spoil: a mirrored 2 is no 2.

1,797 grey pictures of 8x8 in 17 shades (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, 1998).
They come with scikit-learn, so nothing is fetched; they have no test part, so a fixed fifth of them is set aside.
"""

import importlib

import numpy as np

from ablab.catalogue import mark
from ablab.data.dataset import Dataset
from ablab.data.sources.memory import from_arrays
from ablab.errors import DataError

DARKEST = 16  # the shades are 0 to 16


@mark("generator", "digits")
def digits() -> Dataset:
    """10 classes of handwritten digits, 1,797 grey 8x8 pictures; they come with scikit-learn."""
    try:
        found = importlib.import_module("sklearn.datasets").load_digits()
    except ImportError:
        raise DataError("digits: these images come with scikit-learn; install it: pip install scikit-learn") from None
    images = np.rint(found.images * (255 / DARKEST)).astype(np.uint8)
    return from_arrays((images, found.target), classes=[str(digit) for digit in range(10)], name="digits")

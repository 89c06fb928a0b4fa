"""from_arrays: a data set of numpy arrays or torch tensors that a program already has."""

from collections.abc import Sequence
from typing import Any

from ablab.data.arrays import Layout, Raw, dataset
from ablab.data.dataset import Dataset
from ablab.errors import DataError


def from_arrays(
    train: tuple[Any, Any],
    test: tuple[Any, Any] | None = None,
    *,
    val: tuple[Any, Any] | None = None,
    classes: Sequence[str] | None = None,
    layout: Layout | None = None,
    name: str = "memory",
) -> Dataset:
    """A data set of pairs (images, labels), numpy or torch; it shares no memory with them.

    Images are uint8 or floats from 0 to 1, [N,H,W,C], [N,C,H,W] or, for grey ones, [N,H,W]; `layout` says which where
    the shape could be both. Labels are whole numbers from 0 on, or texts. Without `test`, a fifth of `train` is set
    aside for it. `classes` names the classes in the order of their numbers.
    """
    given = {"train": train, "test": test, "val": val}
    parts = {part: _pair(pair, part) for part, pair in given.items() if pair is not None}
    if "train" not in parts:
        raise DataError("from_arrays: there is no train; write from_arrays((images, labels))")
    names = classes if classes is None or isinstance(classes, str) else list(classes)
    return dataset(name, parts, classes=names, classes_name="from_arrays: classes", layout=layout)


def _pair(pair: Any, part: str) -> Raw:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        write = "(images, labels)" if part == "train" else f"..., {part}=(images, labels)"
        raise DataError(f"from_arrays: {part} must be a pair of images and labels; write from_arrays({write})")
    images, labels = pair
    return Raw(images, labels, f"from_arrays: {part} images", f"from_arrays: {part} labels")

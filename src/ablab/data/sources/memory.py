"""Data that a program already has: arrays and tensors, or items one by one; and how they get a name.

A run needs data that it can find again, in another process and another day. So `Dataset.kept` writes them to the user's
cache once, under their fingerprint, and gives the text that names them.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ablab.atomic import atomic_write
from ablab.catalogue import mark
from ablab.data.arrays import Layout, Raw, dataset
from ablab.data.dataset import Dataset
from ablab.data.places import cache_folder
from ablab.data.sources import npz
from ablab.errors import DataError

DIGITS = 16  # of the fingerprint, behind a letter: figures alone could be read as a number
IMAGE, LABEL = ("image", "img", "pixel_values"), ("label", "labels", "fine_label", "target")


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
        raise DataError("from_arrays: the training images are missing; write from_arrays((images, labels))")
    names = classes if classes is None or isinstance(classes, str) else list(classes)
    return dataset(name, parts, classes=names, classes_name="from_arrays: classes", layout=layout)


def from_items(
    train: Iterable[Any],
    test: Iterable[Any] | None = None,
    *,
    classes: Sequence[str] | None = None,
    name: str = "memory",
) -> Dataset:
    """A data set of items: pairs of image and label, as torch's Datasets have, or mappings, as Hugging Face's have.

    Images are pictures of Pillow, arrays or tensors of one size. Without `classes`, the names are those that the items'
    collection knows, if it knows any.
    """
    parts = {part: _arrays(items, part) for part, items in (("train", train), ("test", test)) if items is not None}
    return from_arrays(parts["train"], parts.get("test"), classes=classes or _class_names(train), name=name)


def _arrays(items: Iterable[Any], part: str) -> tuple[Any, Any]:
    if not hasattr(items, "__iter__"):  # a Dataset of torch, whose length alone says where it ends
        collection: Any = items
        items = (collection[at] for at in range(len(collection)))
    pairs = [_item(item, f"from_items: {part} item {at}") for at, item in enumerate(items)]
    if not pairs:
        raise DataError(f"from_items: {part} has no items")
    images = [np.asarray(image) for image, _ in pairs]
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise DataError(
            f"from_items: {part}: images of several sizes, such as {' and '.join(map(str, sorted(shapes)[:2]))}"
        )
    return np.stack(images), [label for _, label in pairs]


def _item(item: Any, where: str) -> tuple[Any, Any]:
    if isinstance(item, Mapping):
        image, label = (next((item[key] for key in keys if key in item), None) for keys in (IMAGE, LABEL))
    elif isinstance(item, tuple | list) and len(item) == 2:
        image, label = item
    else:
        image = label = None
    if image is None or label is None:
        raise DataError(f"{where}: give a pair of image and label, or a mapping with both under their usual names")
    return image, int(label) if hasattr(label, "item") or isinstance(label, int) else label


def _class_names(items: Any) -> Sequence[str] | None:
    """The names that torch's collections have as `classes`, and Hugging Face's in their features."""
    if isinstance(names := getattr(items, "classes", None), list | tuple):
        return [str(name) for name in names]
    features = getattr(items, "features", None)
    if isinstance(features, Mapping):
        known = next((features[key] for key in LABEL if key in features), None)
        return getattr(known, "names", None)
    return None


def keep(given: Dataset) -> str:
    """Keep a data set in the user's cache under its fingerprint; gives the text that names it."""
    key = f"k{given.fingerprint[:DIGITS]}"
    path = _path(key)
    if not path.exists():
        parts = {"train": given.train, "val": given.val, "test": given.test}
        arrays = {
            name: array
            for part, examples in parts.items()
            if examples is not None
            for name, array in (
                (f"x_{part}", examples.images.permute(0, 2, 3, 1).numpy()),
                (f"y_{part}", examples.labels.numpy()),
            )
        }
        content = io.BytesIO()
        np.savez(content, **arrays, classes=np.array(given.classes))  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, content.getvalue())
    return f"arrays({key})"


@mark("generator", "arrays", example="arrays(k0123456789abcdef)")
def arrays(*, key: str) -> Dataset:
    """Images that a program gave, by the key that `Dataset.kept` names them with."""
    path = _path(key)
    if not key.isalnum() or not path.exists():
        raise DataError(
            f"arrays({key}): these images are not in the cache {path.parent}: give them again, with "
            "ablab.from_arrays and its kept()"
        )
    found = npz.read(path)
    named = Dataset(f"arrays({key})", found.classes, found.train, found.test, found.val)
    if not named.fingerprint.startswith(key[1:]):
        raise DataError(f"{path}: this file does not hold the images of {key}: remove it and give the images again")
    return named


def _path(key: str) -> Path:
    return cache_folder() / "arrays" / f"{key}.npz"


def _pair(pair: Any, part: str) -> Raw:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        write = "(images, labels)" if part == "train" else f"..., {part}=(images, labels)"
        raise DataError(f"from_arrays: {part} must be a pair of images and labels; write from_arrays({write})")
    images, labels = pair
    return Raw(images, labels, f"from_arrays: {part} images", f"from_arrays: {part} labels")

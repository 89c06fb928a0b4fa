"""dataset: raw arrays become a Dataset once everything about them was checked: layout, pixels, labels, class names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import numpy as np
import torch
from torch import Tensor

from ablab.data.dataset import Dataset, Examples
from ablab.errors import DataError

Layout = Literal["NHWC", "NCHW"]
CHANNELS = (1, 3)
ROWS = 1024  # images converted at a time, so that floats never are in memory twice


@dataclass(frozen=True)
class Raw:
    """One part as it came, and what its arrays are called in messages."""

    images: Any
    labels: Any
    images_name: str
    labels_name: str


def dataset(
    name: str,
    parts: Mapping[str, Raw],
    *,
    classes: Any = None,
    classes_name: str = "classes",
    layout: Layout | None = None,
) -> Dataset:
    """The parts train, test and val (only train must be there) as a data set that shares no memory with them.

    Without a test part, one is set aside from train. Without `classes`, labels are whole numbers from 0 on, all of
    which occur, or texts, which then are the class names.
    """
    images = {part: pixels(raw.images, raw.images_name, layout=layout) for part, raw in parts.items()}
    _check_shapes(images, parts)
    given = None if classes is None else class_names(classes, classes_name)
    raw_labels = {part: label_array(raw.labels, raw.labels_name, len(images[part])) for part, raw in parts.items()}
    numbers, names = _numbers(raw_labels, {part: raw.labels_name for part, raw in parts.items()}, given)
    examples = {part: Examples(images[part], numbers[part]) for part in parts}
    return with_test(name, names, examples)


def with_test(name: str, classes: tuple[str, ...], parts: Mapping[str, Examples], notes: Sequence[str] = ()) -> Dataset:
    """A data set of the parts train, test and val; a test part is set aside from train if there is none."""
    train, test, val = (parts.get(part) for part in ("train", "test", "val"))
    assert train is not None
    if test is not None:
        return Dataset(name, classes, train, test, val, notes=tuple(notes))
    if len(train) < 2:
        raise DataError(f"{name}: has one image and no test images; give test images, too")
    from ablab.data.holdout import set_aside

    train, test, note = set_aside(train.images, train.labels, classes)
    return Dataset(name, classes, train, test, val, notes=(*notes, note))


def pixels(array: Any, where: str, *, layout: Layout | None = None) -> Tensor:
    """u8[N,C,H,W], a copy, of uint8 or of floats in 0..1 in the layout [N,H,W,C], [N,C,H,W] or, for grey, [N,H,W]."""
    raw = as_numpy(array, where)
    if raw.dtype.kind != "f" and raw.dtype != np.uint8:
        write = ' write images.astype("uint8") if its values are 0 to 255' if raw.dtype.kind in "iu" else ""
        _fail(where, f"holds {raw.dtype.name} values; they must be uint8, or floats from 0 to 1;{write}".rstrip(";"))
    if raw.ndim not in (3, 4):
        _fail(where, f"has the shape {_shape(raw)}; it must be [N,H,W,C], [N,C,H,W] or, for gray images, [N,H,W]")
    if 0 in raw.shape:
        _fail(where, f"has the shape {_shape(raw)}: there are no images in it")
    first = raw[:, None] if raw.ndim == 3 else _channels_first(raw, where, layout)  # (N, C, H, W), a view
    images = torch.empty(first.shape, dtype=torch.uint8)
    into = images.numpy()
    for start in range(0, len(first), ROWS):
        chunk = first[start : start + ROWS]
        into[start : start + ROWS] = chunk if raw.dtype == np.uint8 else _as_bytes(chunk, start, where)
    return images


def label_array(array: Any, where: str, images: int) -> Any:
    """A numpy array of `images` whole numbers or texts, as they are; [N,1] counts as [N]."""
    raw = as_numpy(array, where)
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 2:
        _fail(where, f"has the shape {_shape(raw)} and not [N]; for one-hot rows, write labels.argmax(1)")
    if raw.ndim != 1:
        _fail(where, f"has the shape {_shape(raw)}; it must have one label for each image: [N]")
    if len(raw) != images:
        _fail(where, f"has {len(raw):,} labels for {images:,} images")
    if raw.dtype.kind not in "iuU":
        write = '; write labels.astype("int64")' if raw.dtype.kind in "fb" else ""
        _fail(
            where, f"holds {raw.dtype.name} values; they must be whole numbers, or texts that name the classes{write}"
        )
    return raw


def class_numbers(raw: Any, classes: Sequence[str], where: str) -> Tensor:
    """i64[N] of whole numbers or of texts, every one of them a class; an error names the first row that is not."""
    if raw.dtype.kind == "U":
        number = {name: at for at, name in enumerate(classes)}
        found = np.array([number.get(text, -1) for text in _texts(raw, where)], dtype=np.int64)
        wanted = f"the classes are {', '.join(classes[:10])}{', ...' if len(classes) > 10 else ''}"
    else:
        found, wanted = raw, f"labels must be from 0 to {len(classes) - 1}"
    bad = (found < 0) | (found >= len(classes))  # before any cast, because 2**64 - 1 as i64 is -1
    if bad.any():
        row = int(bad.argmax())
        _fail(where, f"label {row} is {raw[row].item()!r}; {wanted}")
    return torch.from_numpy(found.astype(np.int64))


def class_names(classes: Any, where: str) -> tuple[str, ...]:
    """Checked class names: at least two, all of them different texts."""
    if isinstance(classes, np.ndarray) and classes.ndim == 1 and classes.dtype.kind == "U":
        classes = _texts(classes, where)
    if not isinstance(classes, list | tuple) or not all(isinstance(name, str) and name for name in classes):
        _fail(where, 'must be a list of names, such as ["cat", "dog"]')
    twice = sorted({name for name in classes if classes.count(name) > 1}) if len(set(classes)) < len(classes) else []
    if twice:
        _fail(where, f'names "{twice[0]}" twice')
    if len(classes) < 2:
        _fail(where, f"names {len(classes)} class; there must be at least two")
    return tuple(classes)


def as_numpy(array: Any, where: str) -> Any:
    """A numpy array in this machine's byte order of a numpy array, a tensor or a list; shares memory if it can."""
    if isinstance(array, Tensor):
        if array.layout != torch.strided or array.is_quantized or array.is_complex():
            _fail(where, f"is a tensor of {array.dtype} in the layout {array.layout}; it must be an ordinary one")
        array = array.detach().cpu()
        array = (array.float() if array.dtype == torch.bfloat16 else array).numpy()
    elif not isinstance(array, np.ndarray):
        if not isinstance(array, list | tuple):
            _fail(where, f"is of type {type(array).__name__}; it must be a numpy array or a torch tensor")
        try:
            array = np.asarray(array)
        except (ValueError, TypeError, OverflowError, RuntimeError):
            _fail(
                where, "is a list that does not make an array, because its items differ in shape; write np.stack(items)"
            )
    if array.dtype.hasobject:
        _fail(
            where,
            "is an array of Python objects, and ablab never reads those; write np.stack(items), or convert it "
            "with .astype",
        )
    return array.astype(array.dtype.newbyteorder("=")) if not array.dtype.isnative else array


def _channels_first(raw: Any, where: str, layout: Layout | None) -> Any:
    """A view [N,C,H,W]; `layout` or, if the shape leaves no doubt, the shape says where the channels are."""
    if layout not in (None, "NHWC", "NCHW"):
        raise DataError(f'layout = {layout!r}: must be "NHWC" or "NCHW"')
    last, first = raw.shape[3], raw.shape[1]
    if layout is None:
        if last in CHANNELS and first in CHANNELS:
            _fail(where, f'has the shape {_shape(raw)}, which could be either layout; add layout="NHWC" or "NCHW"')
        layout = "NCHW" if first in CHANNELS or (first in (2, 4) and last not in (*CHANNELS, 2, 4)) else "NHWC"
    channels = last if layout == "NHWC" else first
    if channels == 4:
        drop = "images[..., :3]" if layout == "NHWC" else "images[:, :3]"
        _fail(where, f"has the shape {_shape(raw)}: 4 channels; drop the alpha channel: {drop}")
    if channels not in CHANNELS:
        _fail(where, f"has the shape {_shape(raw)}: {channels} channels; there must be 1 or 3, first or last")
    return np.moveaxis(raw, 3, 1) if layout == "NHWC" else raw


def _as_bytes(chunk: Any, start: int, where: str) -> Any:
    """Floats in 0..1 as the nearest of 256 steps."""
    if chunk.dtype == np.float16:
        chunk = chunk.astype(np.float32)
    good = (chunk >= 0) & (chunk <= 1)  # NaN is neither
    if not good.all():
        row, *place = (int(n) for n in np.unravel_index(int(np.argmin(good)), chunk.shape))
        value = float(chunk[(row, *place)])
        if value != value:
            advice = "replace what is not a number"
        elif 1 < value <= 255:
            advice = 'if they go from 0 to 255, write images.round().astype("uint8")'
        else:
            advice = "give the pixels before standardization, from 0 to 1"
        _fail(where, f"image {start + row} has the value {value:g}; floats must be from 0 to 1; {advice}")
    return np.rint(chunk * 255).astype(np.uint8)


def _check_shapes(images: Mapping[str, Tensor], parts: Mapping[str, Raw]) -> None:
    shape = images["train"].shape[1:]
    for part, found in images.items():
        if found.shape[1:] != shape:
            _fail(
                parts[part].images_name,
                f"has images of {_by(found.shape[1:])} (channels, height, width), "
                f"but those of {parts['train'].images_name} are {_by(shape)}",
            )


def _numbers(
    raw: Mapping[str, Any], where: Mapping[str, str], given: tuple[str, ...] | None
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Labels of each part as i64, and the class names."""
    texts = {part for part, array in raw.items() if array.dtype.kind == "U"}
    if texts and len(texts) < len(raw):
        numbered = next(part for part in raw if part not in texts)
        text = next(iter(sorted(texts)))
        raise DataError(f"{where[numbered]} holds numbers but {where[text]} holds texts; give the same for both")
    classes = given or tuple(_found_classes(raw, where, texts=bool(texts)))
    if len(classes) < 2:
        _fail(where["train"], "all labels are the same; there must be at least two classes")
    return {part: class_numbers(array, classes, where[part]) for part, array in raw.items()}, classes


def _found_classes(raw: Mapping[str, Any], where: Mapping[str, str], *, texts: bool) -> Iterator[str]:
    """The class names that the labels themselves give: their texts in order, or their numbers if none is left out."""
    found: dict[str, list[Any]] = {
        part: _texts(array, where[part]) if texts else np.unique(array).tolist() for part, array in raw.items()
    }
    values = sorted({value for of_part in found.values() for value in of_part})
    for expected, value in enumerate(values):
        if not texts and value < 0:
            part = next(part for part, array in raw.items() if (array == value).any())
            row = int((raw[part] < 0).argmax())
            _fail(where[part], f"label {row} is {raw[part][row].item()}; labels must start at 0")
        if not texts and value != expected:
            _fail(
                where["train"],
                f"no label is {expected}, but there is {value}: number the classes from 0 without gaps "
                "(np.unique(labels, return_inverse=True)[1]), or name all of them in classes",
            )
        yield str(value)


def _texts(raw: Any, where: str) -> list[str]:
    """The texts of an array, all of which can be written down: a file may hold numbers that are no characters."""
    try:
        # Looked at as numbers first: of one beyond Unicode, numpy makes a SystemError.
        if raw.size and raw.itemsize and np.ascontiguousarray(raw).view(np.uint32).max() > 0x10FFFF:
            raise ValueError
        texts: list[str] = raw.tolist()
        "".join(texts).encode()
    except ValueError:
        _fail(where, "holds text with invalid characters")
    return texts


def _shape(raw: Any) -> str:
    return "[" + ",".join(map(str, raw.shape)) + "]"


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _fail(where: str, what: str) -> NoReturn:
    raise DataError(f"{where}: {what}")

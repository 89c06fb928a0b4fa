"""Tiny ImageNet: train/CLASS/images/*.JPEG, and val/images/*.JPEG with their classes in val_annotations.txt.

The labels of its test images were never published, so the 10,000 validation images are the test part, as is usual.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from ablab.data import pictures
from ablab.data.dataset import Dataset, Examples
from ablab.data.official import plain
from ablab.errors import DataError, did_you_mean, printable
from ablab.nouns import counted

ANNOTATIONS = Path("val") / "val_annotations.txt"
SIDE = 64  # pixels, as it is published
ENDS = (".jpeg", ".jpg", ".png")


def recognise(path: Path) -> bool:
    """Whether a folder has the file with the classes of the validation images."""
    try:
        return (path / ANNOTATIONS).is_file()
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set in the folder, its pictures `size` (64) pixels a side."""
    plain(path, labels, skip_unreadable=False)
    ids = sorted(entry.name for entry in path.joinpath("train").glob("*") if entry.is_dir())
    if len(ids) < 2:
        raise DataError(f"{path / 'train'}: it needs at least two classes, each a folder; it has {len(ids)}")
    number = {id_: at for at, id_ in enumerate(ids)}
    train = [(file, number[id_]) for id_ in ids for file in _pictures(path / "train" / id_ / "images")]
    empty = set(range(len(ids))) - {label for _, label in train}
    if empty:
        raise DataError(f"{path / 'train' / ids[min(empty)] / 'images'}: this class has no picture")
    parts, notes = (
        {},
        ["the images of val serve as test images, because the labels of the test images were never published"],
    )
    for part, files in (("train", train), ("test", _annotated(path, number))):
        items = [(printable(str(file)), _reader(file)) for file, _ in files]
        images, kept, unreadable = pictures.decode_all(items, size=size or SIDE, skip_unreadable=skip_unreadable)
        parts[part] = Examples(images, torch.tensor([files[row][1] for row in kept], dtype=torch.int64))
        if unreadable:
            notes.append(
                f"skipped {counted(len(unreadable), 'unreadable picture')} in {part}: {', '.join(unreadable[:5])}"
            )
    return Dataset(path.resolve().name, _names(path, ids), parts["train"], parts["test"], notes=tuple(notes))


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in ENDS and not file.name.startswith("."))


def _annotated(path: Path, number: dict[str, int]) -> list[tuple[Path, int]]:
    """The validation images with their classes: a line has file, class and the corners of a box, between tabs."""
    listed = path / ANNOTATIONS
    found = []
    for at, line in enumerate(_lines(listed), 1):
        name, _, rest = line.partition("\t")
        id_ = rest.partition("\t")[0]
        if id_ not in number:
            raise DataError(f'{listed}:{at}: no class is called "{printable(id_)}": {did_you_mean(id_, number)}')
        if name != Path(name).name:
            raise DataError(f'{listed}:{at}: "{printable(name)}" is not the name of a file in val/images')
        found.append((path / "val" / "images" / name, number[id_]))
    if not found:
        raise DataError(f"{listed}: lists no picture")
    return found


def _names(path: Path, ids: list[str]) -> tuple[str, ...]:
    """The first word of each class in words.txt, with the id behind it where two classes share it."""
    words = dict(line.split("\t", 1) for line in _lines(path / "words.txt") if "\t" in line)
    first = [printable(words.get(id_, id_).partition(",")[0].strip()) or id_ for id_ in ids]
    pairs = zip(first, ids, strict=True)
    return tuple(name if first.count(name) == 1 else f"{name} ({id_})" for name, id_ in pairs)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines() if file.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _reader(file: Path) -> Callable[[], bytes]:
    def content() -> bytes:
        with file.open("rb") as opened:
            return opened.read(pictures.MOST_BYTES + 1)

    return content

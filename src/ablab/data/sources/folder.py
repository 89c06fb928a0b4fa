"""A folder with one folder of pictures for each class, with or without train, val and test folders above them.

Classes are numbered in the order of their names, code point by code point. Hidden files are left alone, and so are
links that lead out of the folder; whatever else is left alone is said in a note.
"""

import os
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ablab.data.arrays import with_test
from ablab.data.dataset import Dataset, Examples
from ablab.data.sources import tiny_imagenet
from ablab.errors import DataError, did_you_mean, printable
from ablab.nouns import counted

PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
LEFT_ALONE = ("__MACOSX", "Thumbs.db", "desktop.ini")
MOST_DEEP = 20  # folders below a class


@dataclass
class Inside:
    """What is in a class folder and the folders below it."""

    pictures: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    outward: list[Path] = field(default_factory=list)  # links that lead out of the data set's folder


def recognise(path: Path) -> bool:
    """Whether there is a picture in a folder of this folder, or one folder deeper."""
    try:
        if not path.is_dir() or (path / tiny_imagenet.ANNOTATIONS).is_file():
            return False
    except (OSError, ValueError):
        return False
    try:
        inside = _folders(path)
    except DataError:
        return True  # so that reading it says what is wrong
    return any(_shows_picture(one) for one in inside) or any(_shows_class(one) for one in inside)


def refuse(path: Path) -> None:
    """Raise what reading the folder would, as soon as one of its classes turns out to have no picture."""
    parts = _parts(path)
    names = _class_folders(parts)
    for folder in (above / name for above in parts.values() for name in names):
        if not any(file.suffix.lower() in PICTURES for file, _ in _files(folder)):
            raise _without_picture(folder, _inside(folder, path))


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set in the folder, its pictures `size` (32) pixels a side; test images are set aside if there are none.

    A class without a single readable picture is an error, even where unreadable ones are skipped.
    """
    from ablab.data import pictures

    if labels is not None:
        raise DataError(f'{shown(path)}: a folder of images has only one kind of labels; leave out "({labels})"')
    parts = _parts(path)
    names = _class_folders(parts)
    examples: dict[str, Examples] = {}
    notes: list[str] = _about_names(names)
    found = Inside()
    for part, folder in parts.items():
        classes = [_inside(folder / name, path) for name in names]
        files = [(number, file) for number, one in enumerate(classes) for file in one.pictures]
        for number, one in enumerate(classes):
            if not one.pictures:
                raise _without_picture(folder / names[number], one)
            found.others += one.others
            found.outward += one.outward
        items = [(shown(file), _reader(file, pictures.MOST_BYTES)) for _, file in files]
        images, kept, unreadable = pictures.decode_all(items, size=size, skip_unreadable=skip_unreadable)
        numbers = torch.tensor([files[row][0] for row in kept], dtype=torch.int64)
        for number, count in enumerate(torch.bincount(numbers, minlength=len(names)).tolist()):
            if not count:
                raise DataError(f"{shown(folder / names[number])}: this class has no readable picture")
        examples[part] = Examples(images, numbers)
        if unreadable:
            notes.append(
                f"skipped {counted(len(unreadable), 'unreadable picture')} in {part}: {', '.join(unreadable[:5])}"
            )
    found.others += [file for folder in {path, *parts.values()} for file in _entries(folder) if not file.is_dir()]
    notes += _about_others(found)
    notes.append(pictures.treatment(examples["train"].images.shape[-1]))
    return with_test(shown(path.resolve().name), tuple(shown(name) for name in names), examples, notes)


def _without_picture(folder: Path, found: Inside) -> DataError:
    links = "; ablab does not follow links that lead out of the data set's folder" if found.outward else ""
    return DataError(f"{shown(folder)}: this class has no picture{links}")


def shown(path: Path | str) -> str:
    """A path or name as text on one line, whatever its name is made of."""
    return printable(str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def _parts(path: Path) -> dict[str, Path]:
    """The folders above the classes: train, and val and test where they are; or the folder itself as train."""
    inside = _folders(path)
    named = [folder for folder in inside if folder.name.lower() in PARTS and not _shows_picture(folder)]
    if not any(_shows_class(folder) for folder in named):
        return {"train": path}  # a class, too, may be called "train"
    found: dict[str, Path] = {}
    for folder in inside:
        part = PARTS.get(folder.name.lower())
        if part is None:
            if _shows_picture(folder) or _shows_class(folder):
                raise DataError(f"{shown(folder)}: has pictures but is not train, val or test; move it elsewhere")
            continue
        if folder not in named:
            raise DataError(
                f"{shown(folder)}: it needs one folder of pictures for each class; sort the pictures into folders"
            )
        if part in found:
            raise DataError(f"{shown(path)}: has {found[part].name} and {folder.name}; keep one of them")
        found[part] = folder
    if "train" not in found:
        raise DataError(f"{shown(path)}: has {', '.join(found)} but no folder train with one folder for each class")
    return {part: found[part] for part in ("train", "val", "test") if part in found}


def _class_folders(parts: dict[str, Path]) -> list[str]:
    """The names of the class folders, which must be the same in every part."""
    names = {part: [folder.name for folder in _folders(folder_of_part)] for part, folder_of_part in parts.items()}
    classes = names["train"]
    for part, found in names.items():
        for name in sorted({*found} ^ {*classes}):
            there, missing = ("train", part) if name in classes else (part, "train")
            near = did_you_mean(name, names[missing]) if names[missing] else "no folder is there"
            raise DataError(f'{shown(parts[missing])}: has no class "{shown(name)}", as {there} has; {shown(near)}')
    if len(classes) < 2:
        found_one = f'only "{shown(classes[0])}"' if classes else "none"
        raise DataError(
            f"{shown(parts['train'])}: it needs at least two classes, each a folder of pictures; it has {found_one}"
        )
    return classes


def _about_names(names: list[str]) -> list[str]:
    """A note on two classes that a person can hardly tell apart."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
        if other != name:
            return [f'"{shown(other)}" and "{shown(name)}" are two classes: their names differ only in form']
    return []


def _about_others(found: Inside) -> list[str]:
    notes = []
    if found.others:
        example = shown(min(found.others))
        notes.append(f"skipped {counted(len(found.others), 'other file')}, such as {example}")
    if found.outward:
        example = shown(found.outward[0])
        notes.append(f"did not follow {counted(len(found.outward), 'link')} out of the folder, such as {example}")
    return notes


def _folders(path: Path) -> list[Path]:
    """The folders in a folder, in the order of their names."""
    return [entry for entry in _entries(path) if _is_folder(entry)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # one that may not be looked at
        return False


def _entries(folder: Path) -> list[Path]:
    """What is in a folder and not hidden, in the order of the names' bytes, which is that of their code points."""
    try:
        entries = [one for one in folder.iterdir() if not one.name.startswith(".") and one.name not in LEFT_ALONE]
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be read ({error.strerror or error})") from None
    return sorted(entries, key=lambda one: os.fsencode(one.name))


def _inside(folder: Path, root: Path) -> Inside:
    """Everything in a class folder, in a fixed order. Links to files within `root` are followed, no other ones."""
    found = Inside()
    if folder.is_symlink() and _leads_out(folder, root):
        found.outward.append(folder)
        return found
    for file, is_link in _files(folder):
        if file.suffix.lower() not in PICTURES:
            found.others.append(file)
        elif is_link and _leads_out(file, root):
            found.outward.append(file)
        elif is_link and file.is_dir():
            found.others.append(file)
        else:
            found.pictures.append(file)  # a link to nowhere, too: reading it says so
    return found


def _files(folder: Path, depth: int = 0) -> Iterator[tuple[Path, bool]]:
    """Every file below a folder, and whether it is a link."""
    if depth > MOST_DEEP:
        raise DataError(f"{shown(folder)}: is more than {MOST_DEEP} folders below its class")
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be read ({error.strerror or error})") from None
    for entry in entries:
        if entry.name.startswith(".") or entry.name in LEFT_ALONE:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), depth + 1)
        elif entry.is_symlink() or entry.is_file(follow_symlinks=False):  # no pipes and devices, which may never end
            yield Path(entry.path), entry.is_symlink()


def _leads_out(link: Path, root: Path) -> bool:
    return not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root))


def _shows_picture(folder: Path) -> bool:
    """Whether a picture is directly in this folder, as far as names tell. A folder that cannot be listed shows none."""
    try:
        return any(entry.suffix.lower() in PICTURES and not _is_folder(entry) for entry in _entries(folder))
    except DataError:
        return False


def _shows_class(folder: Path) -> bool:
    """Whether a folder in this one has pictures."""
    try:
        return any(_shows_picture(one) for one in _folders(folder))
    except DataError:
        return False


def _reader(path: Path, most: int) -> Callable[[], bytes]:
    """Reads the file, but little more than `most` bytes of it."""

    def content() -> bytes:
        if not path.is_file() and path.exists():
            raise OSError("neither a file nor a link to one")
        with path.open("rb") as file:
            return file.read(most + 1)

    return content

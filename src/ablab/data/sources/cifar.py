"""CIFAR-10 and CIFAR-100 from the official python or binary files, in a folder, an archive or Keras' cache.

Files that bear the official names must hold the official pixels and labels: these are compared with what is known
of them after every reading, and what differs is an error that names the file.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import torch

from ablab.data import archives, pickles
from ablab.data.dataset import Dataset, Examples
from ablab.data.known import BINARY, KNOWN, PIXELS, SIDE, Known, Labels, Member, Part
from ablab.errors import DataError, did_you_mean

FORMS = (*KNOWN.values(), *BINARY.values())


def recognise(path: Path) -> bool:
    """Whether this is one of the official folders or archives, whole or not."""
    return known_form(path) is not None


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set at `path`; `labels` is "fine" or "coarse" for CIFAR-100."""
    known = known_form(path)
    if known is None:
        raise DataError(f"{path}: neither a folder nor an archive of CIFAR-10 or CIFAR-100")
    if size not in (None, SIDE):
        raise DataError(
            f"{path}: {known.name} has images of {SIDE} x {SIDE} pixels and cannot be resized: set size={SIDE}, "
            "or leave size out"
        )
    if skip_unreadable:
        raise DataError(
            f"{path}: only folders of images can skip unreadable files; leave out the option for {known.name}"
        )
    if labels is not None and len(known.labels) == 1:
        raise DataError(f'{path}: {known.name} has only one kind of labels; write "{known.name}"')
    if labels is not None and labels not in known.labels:
        raise DataError(f'{path}: {known.name} has no labels called "{labels}": {did_you_mean(labels, known.labels)}')
    return read_known(path, known, labels or next(iter(known.labels)))


def known_form(path: Path) -> Known | None:
    """Which published form is at `path`, if any: judged by names, and by an archive's first member."""
    try:
        if path.is_dir():
            return next((known for known in FORMS if _folder(path, known)), None)
        if not path.is_file():
            return None
    except (OSError, ValueError):
        return None
    for known in FORMS:
        if path.name in (known.archive, *known.other_archives):
            return known
    if not path.name.endswith((".tar", ".tar.gz", ".tgz")):
        return None
    first = archives.first_name(path).partition("/")[0]
    return next((known for known in FORMS if known.folder == first), None)


def _folder(path: Path, known: Known) -> Path | None:
    """The folder with the files: `path` itself, or the only official one in it (so Keras unpacks archives)."""
    there = sum((path / member.name).is_file() for member in known.members)
    if there > 1 or (path.name == known.folder and not (path / known.folder).is_dir()):
        return path
    inside = [path / other.folder for other in FORMS if (path / other.folder).is_dir()]
    return inside[0] if inside == [path / known.folder] else None


def read_known(path: Path, known: Known, kind: str) -> Dataset:
    """The data set at `path` in a known form with one kind of labels, compared with what is known of it."""
    parts: dict[Part, Examples] = {part: _room(known.images(part)) for part in ("train", "test")}
    places = _places(known)
    for member, where, content in _contents(path, known):
        if (member.part, kind) not in known.fingerprints:
            _check_digest(content, member, where, known)
        try:
            batch = read_batch(content, where, known, kind, images=member.images)
        except DataError as error:
            raise DataError(f"{error}\nthe file is damaged, or not the official one\n{_restore(known)}") from None
        part, start = places[member.name]
        rows = slice(start, start + member.images)
        parts[part].images[rows] = batch.images
        parts[part].labels[rows] = batch.labels
        del content, batch  # before the next is read: two at once would be 31 MB more
    for part, examples in parts.items():
        official = known.fingerprints.get((part, kind))
        if official is not None and examples.fingerprint != official:
            _blame(path, known, part)
    name = known.name if kind == next(iter(known.labels)) else f"{known.name}({kind})"
    return Dataset(name, known.labels[kind].classes, parts["train"], parts["test"])


def read_batch(content: bytearray, where: str, known: Known, kind: str, *, images: int | None = None) -> Examples:
    """The images and labels of one file, whose structure is checked; `images`, if given, is how many there must be.

    The images are a view of `content`. Whether they are the official ones is not looked at here.
    """
    pixels, numbers = (_python if known.form == "python" else _binary)(content, where, known)
    if images is not None and len(pixels) != images:
        raise DataError(f"{where}: holds {len(pixels):,} images and not {images:,}")
    for name, labels in known.labels.items():
        _check_labels(numbers[name], len(pixels), labels, where)
    return Examples(pixels.view(-1, 3, SIDE, SIDE), torch.tensor(numbers[kind], dtype=torch.int64))


def _python(content: bytearray, where: str, known: Known) -> tuple[torch.Tensor, dict[str, list[object]]]:
    batch = pickles.read(content, where)
    numbers = {}
    for name, labels in known.labels.items():
        values = batch.get(labels.key)
        if not isinstance(values, list):
            raise DataError(f'{where}: has no list called "{labels.key.decode()}"')
        numbers[name] = values
    block = batch.get(b"data")
    if not isinstance(block, pickles.Block):
        raise DataError(f'{where}: has no array called "data"')
    if block.columns != PIXELS:
        raise DataError(f"{where}: its images have {block.columns:,} values each and not {PIXELS:,} (3 x 32 x 32)")
    return torch.frombuffer(block.data, dtype=torch.uint8).view(block.rows, PIXELS), numbers


def _binary(content: bytearray, where: str, known: Known) -> tuple[torch.Tensor, dict[str, list[object]]]:
    columns = len(known.labels)
    length = columns + PIXELS
    if not content or len(content) % length:
        raise DataError(f"{where}: {len(content):,} bytes are not whole rows of {length:,} bytes")
    rows = torch.frombuffer(content, dtype=torch.uint8).view(-1, length)
    return rows[:, columns:], {name: rows[:, labels.column].tolist() for name, labels in known.labels.items()}


def _check_labels(values: list[object], images: int, labels: Labels, where: str) -> None:
    most = len(labels.classes) - 1
    name = labels.key.decode()
    if len(values) != images:
        raise DataError(f'{where}: has {len(values):,} labels in "{name}" for {images:,} images')
    for index, value in enumerate(values):
        if type(value) is not int:
            raise DataError(f'{where}: label {index} in "{name}" is not a number; labels must be from 0 to {most}')
        if not 0 <= value <= most:
            raise DataError(f'{where}: label {index} in "{name}" is {value}; labels must be from 0 to {most}')


def _contents(path: Path, known: Known) -> Iterator[tuple[Member, str, bytearray]]:
    """The files with images, one after the other: only one is in memory at a time."""
    if path.is_file():
        of = {f"{known.folder}/{member.name}": member for member in known.batches}
        try:
            for name, content in archives.members(path, {name: member.size for name, member in of.items()}):
                yield of[name], f"{path}: {name}", content
                del content
        except DataError as error:
            raise DataError(f"{error}\n{_restore(known)}") from None
        return
    folder = _folder(path, known) or path
    there = [member.name for member in known.batches if (folder / member.name).is_file()]
    absent = [member.name for member in known.batches if member.name not in there]
    if absent:
        raise DataError(
            f"{folder}: not all of {known.name} is there: missing {', '.join(absent)}; "
            f"there: {', '.join(there) or 'nothing'}\n{_restore(known)}"
        )
    for member in known.batches:
        yield member, str(folder / member.name), _content(folder / member.name, member, known)


def _content(file: Path, member: Member, known: Known) -> bytearray:
    """Exactly the bytes that the file must have: read into place, so that they are in memory once."""
    content = bytearray(member.size)
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            got = opened.readinto(content) if size == member.size else size
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
    if got != member.size:
        what = "is empty" if not got else "is cut short" if got < member.size else "is too long"
        raise DataError(f"{file}: {what}: got {got:,} bytes, expected {member.size:,}\n{_restore(known)}")
    return content


def _check_digest(content: bytearray, member: Member, where: str, known: Known) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != member.sha256:
        raise DataError(
            f"{where}: is not the official file, although it has its {member.size:,} bytes: "
            f"its SHA-256 is {digest}, the official one {member.sha256}\n{_restore(known)}"
        )


def _blame(path: Path, known: Known, part: Part) -> NoReturn:
    """Pixels or labels of a part are not the official ones: say which file it was. Files are only hashed for this."""
    for member, where, content in _contents(path, known):
        if member.part == part:
            _check_digest(content, member, where, known)
        del content
    raise DataError(f"{path}: changed while ablab read it; read it again")


def _places(known: Known) -> dict[str, tuple[Part, int]]:
    """Part and first row of each file's images."""
    places: dict[str, tuple[Part, int]] = {}
    rows: dict[Part, int] = {"train": 0, "test": 0}
    for member in known.batches:
        assert member.part is not None
        places[member.name] = (member.part, rows[member.part])
        rows[member.part] += member.images
    return places


def _room(images: int) -> Examples:
    return Examples(torch.empty((images, 3, SIDE, SIDE), dtype=torch.uint8), torch.empty(images, dtype=torch.int64))


def _restore(known: Known) -> str:
    return f"restore it with: ablab data get {known.name}"

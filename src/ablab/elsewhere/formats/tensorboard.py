"""TensorBoard's event files: a folder a run, whose name says variant and seed, or whose hyperparameters do.

The files are records with checksums, and each record is a protocol buffer. This reads the scalars and hyperparameters
in them, as torch, `tf.summary` and Keras write them. It passes over all else, and needs no other package.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablab.catalogue import mark
from ablab.elsewhere.formats import Record
from ablab.elsewhere.names import named
from ablab.elsewhere.wire_format import Fields, fields, masked_crc, number_of
from ablab.errors import InputError, unopened

MOST = 1 << 30  # bytes of one file
PARTS = ("train", "validation", "val", "test", "eval")  # folders of one run, as Keras writes them
HPARAMS = "_hparams_/session_start_info"
FLOAT, DOUBLE = 1, 2  # kinds of tensors


@mark("results", "tensorboard", suffixes=(), names=("*.tfevents.*",), is_folder=True)
def tensorboard(path: Path) -> Iterator[Record]:
    """The last value of each scalar by its tag, and hyperparameters as hparams.NAME."""
    files = [path] if path.is_file() else sorted(path.rglob("*.tfevents.*"))
    runs: dict[Path, dict[str, tuple[int, Any]]] = {}
    for file in files:
        folder, part = _run_of(file.parent, path)
        last = runs.setdefault(folder, {})
        for tag, step, value in _values(file):
            name = f"{part}/{tag}" if part else tag
            if name not in last or step >= last[name][0]:
                last[name] = (step, value)
    for folder, last in runs.items():
        if last:
            name = (
                folder.relative_to(path).as_posix() if folder != path and folder.is_relative_to(path) else folder.name
            )
            yield named(name, {"": str(folder), **{tag: value for tag, (_, value) in last.items()}})


def _run_of(folder: Path, top: Path) -> tuple[Path, str]:
    """The folder of the run, and which part of it this is.

    Keras has folders for training and validation below that of a run, and torch one for hyperparameters, which is
    named after the time.
    """
    if folder == top or top.is_file():
        return folder, ""
    if folder.name in PARTS:
        return folder.parent, folder.name
    return (folder.parent if re.fullmatch(r"\d{9,}(\.\d+)?", folder.name) else folder), ""


def _values(file: Path) -> Iterator[tuple[str, int, Any]]:
    """Tag, step and value of all scalars and hyperparameters in a file."""
    for event in _events(file):
        step = number_of(event, 2)
        for summary in event.get(5, ()):
            for value in fields(summary).get(1, ()):
                yield from _scalar(fields(value), step)


def _events(file: Path) -> Iterator[Fields]:
    """The records of a file; one that breaks off at the end is that of a writer that was killed, or still writes."""
    try:
        if file.stat().st_size > MOST:
            raise InputError(f"{file}: {file.stat().st_size / 1e6:,.0f} MB is too large for the scalars of a run")
        content = file.read_bytes()
    except OSError as error:
        raise InputError(unopened(file, error)) from None
    at = 0
    while at + 12 <= len(content):
        length, checksum = struct.unpack_from("<QI", content, at)
        if masked_crc(content[at : at + 8]) != checksum:
            raise InputError(f"{file}: this is not a TensorBoard event file, or it is damaged at byte {at:,}")
        end = at + 12 + length
        if end + 4 > len(content):
            return
        record = content[at + 12 : end]
        try:
            event = fields(record)
        except ValueError:
            raise InputError(f"{file}: it is damaged at byte {at:,}") from None
        if 5 in event:
            if len(record) <= 1 << 16 and masked_crc(record) != struct.unpack_from("<I", content, end)[0]:
                raise InputError(f"{file}: it is damaged at byte {at:,}")
            yield event
        at = end + 4


def _scalar(value: Fields, step: int) -> Iterator[tuple[str, int, Any]]:
    """What one value of a summary says, if it is a number or hyperparameters."""
    tag = _text(value, 1)
    if tag == HPARAMS:
        yield from ((f"hparams.{name}", step, said) for name, said in _hparams(value))
    elif not tag.startswith("_hparams_/") and 2 in value:
        yield tag, step, _short(struct.unpack("<f", value[2][-1])[0])
    elif not tag.startswith("_hparams_/") and 8 in value:
        yield from ((tag, step, number) for number in _tensor(fields(value[8][-1])))


def _tensor(tensor: Fields) -> Iterator[float]:
    """The number in a tensor of one element; `tf.summary.scalar` writes these."""
    kind = number_of(tensor, 1)
    form, listed = {FLOAT: ("<f", 5), DOUBLE: ("<d", 6)}.get(kind, ("", 0))
    size = struct.calcsize(form)
    content = next((tensor[key][-1] for key in (4, listed) if key in tensor), b"")
    if form and len(content) == size:
        (number,) = struct.unpack(form, content)
        yield _short(number) if kind == FLOAT else number


def _short(number: float) -> float:
    """A number of 32 bits with the decimals that it was written with: 0.7, and not 0.699999988079071."""
    return float(f"{number:.7g}")


def _hparams(value: Fields) -> Iterator[tuple[str, Any]]:
    """Names and values of hyperparameters, which the plugin's data of a value have."""
    for metadata in value.get(9, ()):
        for plugin in fields(metadata).get(1, ()):
            for content in fields(plugin).get(2, ()):
                for start in fields(content).get(3, ()):
                    for entry in map(fields, fields(start).get(1, ())):
                        yield _text(entry, 1), _said(fields(entry[2][-1]) if 2 in entry else {})


def _said(value: Fields) -> Any:
    """A value of protobuf's Struct: a number, text, or a truth."""
    if 2 in value:
        number = struct.unpack("<d", value[2][-1])[0]
        return int(number) if number.is_integer() else number
    return _text(value, 3) if 3 in value else bool(number_of(value, 4))


def _text(message: Fields, key: int) -> str:
    return message[key][-1].decode("utf-8", "replace") if key in message else ""

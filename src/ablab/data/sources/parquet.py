"""Parquet files with pictures, as on the Hugging Face hub: `img` or `image`, and `label` or `labels`,
`fine_label`, `coarse_label`.

One file, or a folder of shards whose names (or folders) begin with train, test or validation.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ablab.data.arrays import with_test
from ablab.data.dataset import Dataset, Examples
from ablab.errors import DataError, did_you_mean, printable
from ablab.nouns import counted

MAGIC = b"PAR1"
IMAGES = ("img", "image")
KINDS = ("fine", "coarse")
SPLITS = {"train": "train", "test": "test", "validation": "val", "valid": "val", "val": "val"}
SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?$")
SIDE = 32  # pixels a side where no size was asked for
BATCH = 16  # rows: a file may repeat one large picture in every row, and a batch is the least that is made at once
MOST_ROWS = 20_000_000
MOST_ENTRIES = 100_000  # of a folder that are looked at: a set has a few shards, and somebody may name a whole disk
# The smallest picture has 67 bytes, and repeated ones take hardly any: a file can say "2 million empty ones".
SPARE_ROWS, BYTES_A_ROW = 100_000, 4
# What a file may hold beyond its own size: pictures hardly shrink again, but a file can say "the same, 10**9 times".
SPARE, TIMES = 128 << 20, 20
SPARE_PIXELS, TIMES_PIXELS = 256 << 20, 200

Item = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True)
class Columns:
    """Where the pictures and labels of a file are; the files of one set must agree in all of it."""

    images: str
    labels: str
    image_type: str
    label_type: str
    classes: tuple[str, ...] | None  # as the file's metadata name them
    bytes_field: bool  # pictures are in a field `bytes`, and not the column itself


def recognise(path: Path) -> bool:
    """Whether this is a Parquet file, or a folder with some at most two folders deep."""
    try:
        if path.is_dir():
            return bool(_files_in(path))
        if not path.is_file():
            return False
        if path.suffix.lower() == ".parquet":
            return True
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except (OSError, ValueError):
        return False


def read(path: Path, *, size: int | None = None, labels: str | None = None, skip_unreadable: bool = False) -> Dataset:
    """The data set at `path`, its pictures `size` (32) pixels a side; a test part is set aside if there is none."""
    if labels not in (None, *KINDS):
        raise DataError(f'{path}: there are no labels called "{labels}": {did_you_mean(str(labels), KINDS)}')
    _pyarrow(path)
    parts = _parts(path)
    first = next(iter(parts.values()))[0]
    columns = {file: _columns(file, labels) for files in parts.values() for file in files}
    for file, found in columns.items():
        if found != columns[first]:
            raise DataError(f"{file}: {_difference(found, columns[first])} {first}; all files of a set must agree")
    read_parts = {part: _read_part(files, columns, size, skip_unreadable) for part, files in parts.items()}
    for part, (images, _, _) in read_parts.items():
        if not len(images):
            raise DataError(f"{parts[part][0]}: has no readable picture")
    classes = columns[first].classes or _numbered([raw for _, raw, _ in read_parts.values()], parts, columns[first])
    examples, notes = {}, []
    for part, (images, raw, unreadable) in read_parts.items():
        examples[part] = Examples(images, _labels(raw, classes, columns[first].labels))
        if unreadable:
            notes.append(
                f"skipped {counted(len(unreadable), 'unreadable picture')} in {part}: {', '.join(unreadable[:5])}"
            )
    return with_test(path.name, classes, examples, notes)


def _files_in(folder: Path) -> list[Path]:
    """The Parquet files in a folder, or else in the folders in it, or else in those of these."""
    for pattern in ("*", "*/*", "*/*/*"):
        entries = itertools.islice(folder.glob(pattern), MOST_ENTRIES)
        files = [file for file in entries if file.suffix.lower() == ".parquet" and file.is_file()]
        if found := sorted(file for file in files if not file.name.startswith(".")):
            return found
    return []


def _parts(path: Path) -> dict[str, list[Path]]:
    """The files of each part, in the order of their names; train is there."""
    if path.is_file():
        return {"train": [path]}
    try:
        files = _files_in(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    sets = sorted({_set_folder(file) for file in files})
    if len(sets) > 1:
        raise DataError(f"{path}: holds several data sets, name one of them: {', '.join(map(str, sets))}")
    parts: dict[str | None, list[Path]] = {}
    for file in files:
        parts.setdefault(_split(file), []).append(file)
    unnamed = parts.get(None, [])
    if unnamed and len(parts) > 1:
        raise DataError(f"{unnamed[0]}: is it train, test or validation? start its name with one of them")
    if len(parts) == 1:  # whatever it is called, it is all there is
        parts = {"train": next(iter(parts.values()))}
    if "train" not in parts:
        raise DataError(f"{path}: has no training images; it needs a file such as train-00000-of-00001.parquet")
    for of_part in parts.values():
        _check_shards(of_part)
    return {part: parts[part] for part in ("train", "test", "val") if part in parts}


def _split(file: Path) -> str | None:
    word = re.split(r"[-_.]", file.stem.lower())[0]
    return SPLITS.get(word) or SPLITS.get(file.parent.name.lower())


def _set_folder(file: Path) -> Path:
    """The folder of a file's whole set: a folder called train, test or validation is only a part of it."""
    return file.parent.parent if file.parent.name.lower() in SPLITS else file.parent


def _check_shards(files: list[Path]) -> None:
    """Where files say that they are one of so many, all of them must be there."""
    numbered = {file: match for file in files if (match := SHARD.search(file.stem))}
    for file in files:
        if numbered and file not in numbered:
            raise DataError(f"{file}: stands beside numbered shards of the same part; remove one or the other")
    of = {int(match[2]) for match in numbered.values()}
    if len(of) > 1:
        raise DataError(
            f"{files[0]}: the shards beside it are of different sets (of {', '.join(map(str, sorted(of)))})"
        )
    there = sorted(int(match[1]) for match in numbered.values())
    for at, number in enumerate(there):
        if number != at and number in there[:at]:
            raise DataError(f"{files[at]}: there are two shards with its number; remove one of them")
    wanted = next(iter(of), 0)
    absent = next((n for n in range(len(there) + 1) if n not in there), 0)
    if len(there) < wanted or there[-1:] > [wanted - 1]:
        stem = SHARD.sub(f"-{absent:05}-of-{wanted:05}", files[0].stem)
        raise DataError(f"{files[0].parent / stem}.parquet: is missing; there are {len(there)} of {wanted} shards")


def _pyarrow(path: Path) -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise DataError(f'{path}: to read Parquet files: pip install "ablab-experiments[parquet]"') from None


@contextmanager
def _refusing_damage(file: Path) -> Iterator[None]:
    """Whatever pyarrow says of a file becomes a DataError that names it."""
    import pyarrow

    try:
        yield
    except (
        pyarrow.ArrowException,
        OSError,
        EOFError,
        ValueError,
        LookupError,
        TypeError,
        OverflowError,
        RuntimeError,
        MemoryError,
    ) as error:
        lines = str(getattr(error, "strerror", None) or error).strip().splitlines() or [type(error).__name__]
        why = printable(lines[0][:200])
        raise DataError(f"{file}: is damaged, cut short or not a Parquet file ({why}); get it again") from None


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    import pyarrow.parquet

    with (
        _refusing_damage(file),
        pyarrow.parquet.ParquetFile(
            file,
            memory_map=False,  # a mapped file that somebody cuts short ends the process
            page_checksum_verification=True,
            thrift_string_size_limit=64 << 20,
            thrift_container_size_limit=1_000_000,
        ) as opened,
    ):
        yield opened


def _columns(file: Path, kind: str | None) -> Columns:
    import pyarrow

    with _opened(file) as opened:
        schema, rows = opened.schema_arrow, opened.metadata.num_rows
    names = list(schema.names)
    if not 0 < rows <= MOST_ROWS:
        raise DataError(f"{file}: says that it has {rows:,} rows; from 1 to {MOST_ROWS:,} can be read")
    if rows > SPARE_ROWS + file.stat().st_size // BYTES_A_ROW:
        raise DataError(f"{file}: {rows:,} pictures in a file of {file.stat().st_size:,} bytes are not pictures")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f'{file}: has the column "{twice}" twice')
    images = next((name for name in IMAGES if name in names), None)
    if images is None:
        raise DataError(f"{file}: has no column img or image: {_nearest(IMAGES, names)}")
    labels = _label_column(names, kind, file)
    image_type, label_type = schema.field(images).type, schema.field(labels).type
    nested = pyarrow.types.is_struct(image_type)
    content = image_type
    if nested:
        fields = {field.name: field.type for field in image_type}
        if "bytes" not in fields:
            raise DataError(
                f'{file}: "{images}" has no field bytes (only {", ".join(fields) or "none"}): the pictures are not in '
                "the file; write it with the pictures embedded"
            )
        content = fields["bytes"]
    if not (pyarrow.types.is_binary(content) or pyarrow.types.is_large_binary(content)):
        raise DataError(f'{file}: "{images}" holds {_short(content)}; it must hold the bytes of pictures')
    if not pyarrow.types.is_integer(label_type):
        raise DataError(f'{file}: "{labels}" holds {_short(label_type)}; it must hold whole numbers')
    classes = _class_names(schema.metadata, labels)
    return Columns(images, labels, _short(content), _short(label_type), classes, nested)


def _label_column(names: list[str], kind: str | None, file: Path) -> str:
    kinds = [kind for kind in KINDS if f"{kind}_label" in names]
    if kind is not None and kind not in kinds:
        there = f"has {kinds[0]} labels only" if kinds else "has one kind of labels"
        raise DataError(f'{file}: {there}; leave out "({kind})"')
    if kind is None and (plain := next((name for name in ("label", "labels") if name in names), None)):
        return plain
    if not kinds:
        wanted = ("label", "fine_label", "coarse_label")
        raise DataError(f"{file}: has no column label, fine_label or coarse_label: {_nearest(wanted, names)}")
    return f"{kind or kinds[0]}_label"


def _class_names(metadata: dict[bytes, bytes] | None, column: str) -> tuple[str, ...] | None:
    """The names that the data sets library writes beside the schema; None where there are none that make sense."""
    try:
        names = json.loads((metadata or {})[b"huggingface"])["info"]["features"][column]["names"]
        if isinstance(names, list) and len(set(names)) == len(names) > 1:
            "".join(names).encode()
            return tuple(names) if all(names) else None
    except (LookupError, TypeError, ValueError, RecursionError):
        pass
    return None


def _nearest(wanted: tuple[str, ...], names: list[str]) -> str:
    """Which of its columns may be meant."""
    for word in wanted:
        if (advice := did_you_mean(word, names[:50])).startswith("did"):
            return advice.removesuffix("?") + f", to be called {word}?"
    return "its columns are " + (", ".join(names[:20]) or "none")


def _short(kind: Any) -> str:
    text = str(kind)
    return text if len(text) <= 60 else text[:57] + "..."


def _difference(found: Columns, first: Columns) -> str:
    if (found.images, found.labels) != (first.images, first.labels):
        return f'has the columns "{found.images}" and "{found.labels}" and not "{first.images}" and "{first.labels}" as'
    if found.classes != first.classes:
        return "names other classes than"
    if found.bytes_field != first.bytes_field:
        return f'has "{found.images}" {"with" if found.bytes_field else "without"} a field bytes, unlike'
    return f"holds {found.image_type} and {found.label_type} and not {first.image_type} and {first.label_type} as"


@dataclass(frozen=True)
class Shard:
    """The labels of one file's rows, as they are."""

    file: Path
    labels: Any  # numpy, of a kind of integer
    rows: tuple[int, ...]  # where in the file they are


def _read_part(
    files: list[Path], columns: dict[Path, Columns], size: int | None, skip_unreadable: bool
) -> tuple[torch.Tensor, list[Shard], tuple[str, ...]]:
    from ablab.data import pictures

    items: list[Item] = []
    labels: list[tuple[Path, Any]] = []
    for file in files:
        found, numbers = _rows(file, columns[file], skip_unreadable)
        most = SPARE_PIXELS + TIMES_PIXELS * file.stat().st_size
        if len(found) * 3 * (size or SIDE) ** 2 > most:
            raise DataError(
                f"{file}: {len(found):,} pictures in a file of {file.stat().st_size:,} bytes are not pictures"
            )
        items += found
        labels.append((file, numbers))
    images, kept, unreadable = pictures.decode_all(items, size=size, skip_unreadable=skip_unreadable)
    shards, start = [], 0
    rows = np.asarray(kept, dtype=np.int64)
    for file, numbers in labels:
        own = rows[(rows >= start) & (rows < start + len(numbers))] - start
        shards.append(Shard(file, numbers[own], tuple(own.tolist())))
        start += len(numbers)
    return images, shards, unreadable


def _rows(file: Path, columns: Columns, skip_unreadable: bool) -> tuple[list[Item], Any]:
    """The pictures of a file, still as the bytes that they are there, and the labels."""
    items: list[Item] = []
    labels = []
    held = 0
    images = f"{columns.images}.bytes" if columns.bytes_field else columns.images
    with _opened(file) as opened:
        most = SPARE + TIMES * file.stat().st_size
        groups = map(opened.metadata.row_group, range(opened.metadata.num_row_groups))
        if any(group.column(at).total_uncompressed_size > most for group in groups for at in range(group.num_columns)):
            raise DataError(f"{file}: says that it holds over {most:,} bytes, far more than a file of its size can")
        for batch in opened.iter_batches(BATCH, columns=[images, columns.labels], use_threads=False):
            contents, numbers = batch.column(columns.images), batch.column(columns.labels)
            if columns.bytes_field:
                contents = contents.flatten()[0]  # fields of a row that is null are null here
            held += contents.nbytes
            if held > most or len(items) > opened.metadata.num_rows:
                raise DataError(f"{file}: holds over {held:,} bytes of pictures, far more than a file of its size can")
            _check_nulls(contents, len(items), columns.images, file, allowed=skip_unreadable)
            _check_nulls(numbers, len(items), columns.labels, file, allowed=False)
            items += [
                (f"{file}: row {len(items) + at}", _content(contents, at, f"{file}: row {len(items) + at}"))
                for at in range(len(contents))
            ]
            labels.append(numbers.to_numpy(zero_copy_only=False))
        if len(items) != opened.metadata.num_rows:
            raise DataError(f"{file}: says that it has {opened.metadata.num_rows:,} rows but has {len(items):,}")
    return items, np.concatenate(labels)


def _content(contents: Any, at: int, where: str) -> Callable[[], bytes]:
    def content() -> bytes:
        found: bytes | None = contents[at].as_py()
        if found is None:
            raise DataError(f"{where}: has no picture")
        return found

    return content


def _check_nulls(array: Any, start: int, column: str, file: Path, *, allowed: bool) -> None:
    if array.null_count and not allowed:
        row = start + int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
        raise DataError(
            f'{file}: row {row} has nothing in "{column}"; the file must contain all pictures and labels, '
            "not only the names of picture files"
        )


def _numbered(parts: list[list[Shard]], files: dict[str, list[Path]], columns: Columns) -> tuple[str, ...]:
    """Classes named by their numbers, where the file names none: from 0 on, each of them occurring."""
    found = sorted({number for shards in parts for shard in shards for number in np.unique(shard.labels).tolist()})
    where = f'{files["train"][0]}: "{columns.labels}"'
    for expected, number in enumerate(found):
        if number != expected:
            raise DataError(f"{where}: no label is {expected}, but there is {number}: number the classes from 0 on")
    if len(found) < 2:
        raise DataError(f"{where}: all labels are the same; there must be at least two classes")
    return tuple(map(str, found))


def _labels(shards: list[Shard], classes: tuple[str, ...], column: str) -> torch.Tensor:
    numbers = []
    for shard in shards:
        bad = (shard.labels < 0) | (shard.labels >= len(classes))
        if bad.any():
            at = int(bad.argmax())
            raise DataError(
                f'{shard.file}: row {shard.rows[at]} has {shard.labels[at].item()} in "{column}"; '
                f"labels must be from 0 to {len(classes) - 1}"
            )
        numbers.append(torch.from_numpy(shard.labels.astype(np.int64)))
    return torch.cat(numbers)

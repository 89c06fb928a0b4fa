"""members: the wanted files of a .tar or .tar.gz, one after the other in memory; nothing is ever extracted.

The headers are walked here and not by a library, because walking is all that is needed: names, sizes and types are
compared with what is wanted, everything else is passed over, links, devices and paths mean nothing, and every
length is held against a limit before it is believed.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from ablab.errors import DataError

BLOCK = 512
CHUNK = 1 << 16
SPARE = 64 << 20  # bytes that an archive may hold beyond what is wanted of it
MOST_NAME_BYTES = 1 << 16  # of a long name or of a pax header
# An official archive has about ten headers. The two limits bound the time that hostile ones take to under a second:
# a gigabyte of headers packs into one megabyte of gzip.
MOST_HEADERS = 10_000
MOST_HEADER_DATA = 4 << 20  # bytes of all long names and pax headers together
MOST_STREAMS = 64  # gzip streams in one file; an ordinary one has 1
KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
    b"S": "a sparse file",
}
REGULAR = (b"0", b"\0", b"7")
LONG_NAMES = (b"L", b"K", b"x", b"g", b"X")  # headers whose data belong to the member after them


@dataclass(frozen=True)
class _Header:
    name: bytes
    kind: bytes
    size: int


def members(path: Path, wanted: Mapping[str, int]) -> Iterator[tuple[str, bytearray]]:
    """Name and content of each wanted member, in the archive's order. `wanted`: name in the archive -> exact size.

    Every wanted member must be there once, as a regular file of that size, and the archive must be whole to its end;
    whatever else it holds is passed over. Errors are DataErrors that name the archive. A member is given out before
    the rest of the archive was seen: what is made of it must not be used if a later step raises.
    """
    found: set[str] = set()
    try:
        with path.open("rb") as file:
            stream = _Stream(file, path, sum(wanted.values()) + SPARE)
            while header := _next_member(stream):
                name = header.name.decode("utf-8", "replace").removeprefix("./")
                if name not in wanted:
                    stream.skip(_whole_blocks(header.size))
                    continue
                if header.kind not in REGULAR:
                    stream.fail(f'"{name}" is {KINDS.get(header.kind, "something else")} and not a file')
                if header.size != wanted[name]:
                    stream.fail(f'"{name}" has {header.size:,} bytes and not {wanted[name]:,}')
                if name in found:
                    stream.fail(f'"{name}" is in the archive twice')
                found.add(name)
                content = stream.read(header.size)
                stream.skip(-header.size % BLOCK)
                yield name, content
                del content  # so that one member at a time is in memory
            stream.finish()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if absent := [name for name in wanted if name not in found]:
        raise DataError(f"{path}: holds no {', '.join(absent)}")


def first_name(path: Path) -> str:
    """The name of the first member, or "" if this is no archive. Reads less than a kilobyte of it."""
    try:
        with path.open("rb") as file:
            header = _next_member(_Stream(file, path, SPARE))
    except (OSError, DataError):
        return ""
    return header.name.decode("utf-8", "replace").removeprefix("./") if header else ""


class _Stream:
    """The bytes of the tar, unpacked as they are asked for, never more than the limit in all."""

    def __init__(self, file: BinaryIO, path: Path, limit: int) -> None:
        self.file, self.path, self.limit = file, path, limit
        self.given = 0
        self.headers = 0
        self.header_data = 0
        self.streams = 0
        self.waiting = file.read(CHUNK)
        if not self.waiting:
            self.fail("is empty (0 bytes)")
        self.unpack = zlib.decompressobj(31) if self.waiting.startswith(b"\x1f\x8b") else None

    def fail(self, what: str) -> NoReturn:
        raise DataError(f"{self.path}: {what}")

    def fail_at_header(self) -> NoReturn:
        self.fail(
            "is neither a tar nor a gzipped tar" if self.given <= BLOCK else "is damaged: one of its headers is invalid"
        )

    def read(self, length: int) -> bytearray:
        """Exactly `length` bytes."""
        self._claim(length)
        content = bytearray(length)
        at = 0
        while at < length:
            piece = self._piece(length - at)
            if not piece:
                self.fail(f"is cut short: it ends after {self.given + at:,} unpacked bytes, in the middle of a member")
            content[at : at + len(piece)] = piece
            at += len(piece)
        self.given += length
        return content

    def skip(self, length: int) -> None:
        self._claim(length)
        while length > 0:
            length -= len(self.read(min(length, CHUNK)))

    def block(self) -> bytearray | None:
        """The next header, or None where the file ends."""
        piece = self._piece(BLOCK)
        if not piece:
            return None
        self._claim(BLOCK)
        self.headers += 1
        if self.headers > MOST_HEADERS:
            self.fail(f"holds more than {MOST_HEADERS:,} headers: far more files than the data set has")
        self.given += len(piece)
        return bytearray(piece) + (self.read(BLOCK - len(piece)) if len(piece) < BLOCK else b"")

    def finish(self) -> None:
        """Read to the end: only there does a gzip stream show that it is whole and unchanged."""
        while piece := self._piece(CHUNK):
            self._claim(len(piece))
            self.given += len(piece)

    def _claim(self, length: int) -> None:
        if self.given + length > self.limit:
            self.fail(f"unpacks to more than {self.limit:,} bytes, or claims to: far more than the data set has")

    def _piece(self, most: int) -> bytes:
        """Between 1 and `most` bytes, or none at the end of the file."""
        most = min(most, 16 * CHUNK)
        if self.unpack is None:
            piece = self.waiting[:most]
            self.waiting = self.waiting[most:] or self.file.read(max(CHUNK, most))
            return piece
        while True:
            if self.unpack.eof:
                self.waiting = self.unpack.unused_data or self.file.read(CHUNK)
                if not self.waiting.startswith(b"\x1f\x8b"):  # the end, or padding behind it
                    self.waiting = b""
                    return b""
                self.streams += 1
                if self.streams > MOST_STREAMS:
                    self.fail(f"consists of more than {MOST_STREAMS} gzip streams")
                self.unpack = zlib.decompressobj(31)
            try:
                piece = self.unpack.decompress(self.waiting, most)
            except zlib.error as error:
                self.fail(f"is damaged: its bytes do not unpack ({error})")
            self.waiting = self.unpack.unconsumed_tail
            if piece:
                return piece
            if not self.waiting and not self.unpack.eof:
                self.waiting = self.file.read(CHUNK)
                if not self.waiting:
                    size = self.path.stat().st_size
                    self.fail(f"is cut short: its {size:,} bytes end in the middle of the gzip stream")


def _next_member(stream: _Stream) -> _Header | None:
    """The next header that stands for a member, with the name and size that long-name headers before it give."""
    name: bytes | None = None
    size: int | None = None
    while (block := stream.block()) is not None and any(block):
        header = _parse(block, stream)
        if header.kind not in LONG_NAMES:
            size = header.size if size is None or header.kind not in REGULAR else size
            return _Header(header.name if name is None else name, header.kind, size)
        if header.size > MOST_NAME_BYTES:
            stream.fail(f"has a name of {header.size:,} bytes")
        stream.header_data += header.size
        if stream.header_data > MOST_HEADER_DATA:
            stream.fail(f"holds more than {MOST_HEADER_DATA:,} bytes of names: far more than the data set has")
        content = bytes(stream.read(header.size))
        stream.skip(-header.size % BLOCK)
        if header.kind == b"L":
            name = content.rstrip(b"\0")
        elif header.kind in (b"x", b"X"):
            records = _pax_records(content, stream)
            name = records.get(b"path", name)
            if b"size" in records:
                size = _decimal(records[b"size"], stream)
    return None


def _parse(block: bytearray, stream: _Stream) -> _Header:
    # The checksum counts its own field as blanks.
    if sum(block) - sum(block[148:156]) + 8 * 32 != _octal(block[148:156], stream):
        stream.fail_at_header()
    name = bytes(block[:100]).rstrip(b"\0")
    prefix = bytes(block[345:500]).rstrip(b"\0") if block[257:263] == b"ustar\0" else b""
    kind = bytes(block[156:157])
    if kind == b"S":
        stream.fail("holds a sparse file, and no official archive has one")
    size = 0 if kind in KINDS else _octal(block[124:136], stream)  # links, devices and folders have no data
    return _Header(prefix + b"/" + name if prefix else name, kind, size)


def _octal(field: bytearray, stream: _Stream) -> int:
    if field[0] & 0x80:  # GNU: a binary number, for sizes of 8 GB and more, or negative ones
        stream.fail("is damaged or malicious: a header gives a size that no official archive has")
    digits = bytes(field).strip(b" \0")
    if not all(digit in b"01234567" for digit in digits):
        stream.fail_at_header()
    return int(digits or b"0", 8)


def _decimal(digits: bytes, stream: _Stream) -> int:
    if not digits.isdigit() or len(digits) > 15:
        stream.fail("is damaged or malicious: a pax header gives an impossible size")
    return int(digits)


def _pax_records(content: bytes, stream: _Stream) -> dict[bytes, bytes]:
    """Records "LENGTH KEY=VALUE\\n", each as long as it says."""
    records = {}
    content = content.rstrip(b"\0")
    at = 0
    while at < len(content):
        digits, _, rest = content[at : at + 12].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = content[at + len(digits) + 1 : at + length]
        key, equals, value = record.partition(b"=")
        if not rest or not equals or at + length > len(content) or not record.endswith(b"\n"):
            stream.fail("is damaged: one of its pax headers is invalid")
        records[key] = value[:-1]
        at += length
    return records


def _whole_blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK

"""An array in numpy's own format, its header held against the number of bytes before room is made for the values.

Arrays of Python objects are never read.
"""

import io
import math
import tokenize
import warnings
import zipfile
import zlib
from typing import IO, Any, NoReturn

import numpy as np
from numpy.lib import format as npy

from ablab.errors import DataError

MAGIC = b"\x93NUMPY"
MOST_HEADER = 10_000  # bytes; an ordinary one has 128
CHUNK = 1 << 20
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,  # of names that are not UTF-8, places before the file's beginning, headers that are no header
    RuntimeError,  # of encrypted members, and of compressions that do not exist
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
)


def read(file: IO[bytes], size: int, where: str) -> Any:
    """The array in a stream of `size` bytes, which is read to its end."""
    shape, fortran, dtype, at = _header(file, where)
    count = math.prod(shape)
    if any(n < 0 for n in shape) or count * dtype.itemsize != size - at:
        _fail(where, f"its header says {count * dtype.itemsize:,} bytes, but it has {size - at:,}")
    array = np.frombuffer(_content(file, size - at, where), dtype=dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _header(file: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, Any, int]:
    """Shape, order and type that the header says, and where the values begin."""
    front = file.read(10)
    if front[:6] != MAGIC or front[6:8] not in (b"\1\0", b"\2\0"):
        _fail(where, "is not an array in numpy's format 1 or 2")
    if front[6] == 2:
        front += file.read(2)
    length = int.from_bytes(front[8:], "little")
    if length > MOST_HEADER:
        _fail(where, f"has a header of {length:,} bytes; an ordinary one has about 120")
    text = io.BytesIO(front[8:] + file.read(length))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that Python 2 wrote, which are read all the same
        shape, fortran, dtype = (npy.read_array_header_1_0 if front[6] == 1 else npy.read_array_header_2_0)(text)
    if dtype.hasobject:
        _fail(
            where, "is an array of Python objects, and ablab never reads those; write np.stack(items) before saving it"
        )
    if dtype.kind not in "biufU" or not dtype.itemsize:
        _fail(where, f"holds {dtype} values; they must be numbers")
    return shape, fortran, dtype, len(front) + length


def _content(file: IO[bytes], length: int, where: str) -> bytearray:
    content = bytearray(length)
    at = 0
    while chunk := file.read(CHUNK):  # to the end, for only there the CRC of a zip is compared
        if at + len(chunk) > length:
            break
        content[at : at + len(chunk)] = chunk
        at += len(chunk)
    if at != length or chunk:
        _fail(where, f"has {at:,} bytes where {length:,} are declared")
    return content


def _fail(where: str, what: str) -> NoReturn:
    raise DataError(f"{where}: {what}")

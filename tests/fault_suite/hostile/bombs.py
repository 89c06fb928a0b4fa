"""Pictures and tables that ask for far more than they hold."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ablab.data import pictures


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def one_bit_png(side: int, *, filled: bool = True, text: bytes = b"") -> bytes:
    """A genuine black picture of side x side pixels, in side * side / 8,000 bytes."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(pack.compress(row * 1000) for _ in range(side // 1000)) if filled else b""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rest = (text, chunk(b"IDAT", data + pack.flush()), chunk(b"IEND", b""))
    return pictures.PNG_START + chunk(b"IHDR", header) + b"".join(rest)


def scans_without_end() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8000, 8000)).save(out, "JPEG", progressive=True)
    content = out.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + scan * 300 + content[-2:]


def frames_without_end() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("L", (64, 64), shade) for shade in (1, 2)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    content = out.getvalue()
    second = content[content.rindex(b"\x21\xf9") : -1]
    return content[:-1] + second * 100_000 + content[-1:]


def palette_png(side: int) -> bytes:
    out = io.BytesIO()
    picture = Image.new("P", (side, side))
    picture.putpalette([0, 0, 0, 255, 255, 255])
    picture.save(out, "PNG", transparency=0)
    return out.getvalue()


def sealed_header(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return pictures.PNG_START + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


def packed_text() -> bytes:
    return b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)


def empty_webp() -> bytes:
    data = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + b"\xff\xff\xff\x0f" + bytes(5)
    return b"RIFF" + struct.pack("<I", 22) + b"WEBP" + data


# Files that ask for far more than they hold, and whether one of them is a picture all the same.
BOMBS: dict[str, tuple[Callable[[], bytes], bool]] = {
    "60000x60000 as a PNG says": (lambda: one_bit_png(60_000, filled=False), False),
    "20000x20000": (lambda: one_bit_png(20_000), False),
    "12000x12000": (lambda: one_bit_png(12_000), False),
    "8000x8000, within the limit": (lambda: one_bit_png(8_000), True),
    "text of 100 MB": (lambda: one_bit_png(1_000, text=chunk(b"zTXt", packed_text())), False),
    "profile of 100 MB": (lambda: one_bit_png(1_000, text=chunk(b"iCCP", packed_text())), False),
    "2147483647x2147483647 as a PNG says": (lambda: sealed_header(2**31 - 1), False),
    "65535x65535 as a GIF says": (lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c" + bytes(20), False),
    "16384x16384 as a WebP says": (empty_webp, False),
    "99999x99999 as a PPM says": (lambda: b"P6 99999 99999 255\n" + bytes(100), False),
    "60000x60000 as a BMP says": (
        lambda: b"BM" + struct.pack("<IIIIiiHHI", 90, 0, 54, 40, 60_000, 60_000, 1, 24, 0),
        False,
    ),
    "a TIFF whose directory comes after itself": (lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0", False),
    "a TIFF tag of 4 GB": (
        lambda: b"II*\0\x08\0\0\0\1\0\0\1\4\0\xff\xff\xff\xff\x1a\0\0\0" + bytes(20),
        False,
    ),
    "a JPEG of scans without end": (scans_without_end, False),
    "a GIF of frames without end": (frames_without_end, True),
    "a PNG of a million empty chunks": (lambda: one_bit_png(16, text=chunk(b"teXt", b"") * 1_000_000), False),
    "a clear palette of 8000x8000": (lambda: palette_png(8_000), False),
    "a clear palette of 5000x5000": (lambda: palette_png(5_000), True),
}


def swollen(path: Path, contents: Any) -> None:
    """Write a Parquet file with these pictures, which says the same thing over and over, packed small."""
    import pyarrow
    import pyarrow.parquet

    labels = np.arange(len(contents)) % 2
    pyarrow.parquet.write_table(pyarrow.table({"img": contents, "label": labels}), path, compression="zstd")


# The columns of pictures of Parquet files that are small on the disk alone.
TABLES: dict[str, Callable[[], Any]] = {
    "two million empty pictures": lambda: pyarrow_binary([b""] * 2_000_000),
    "one in every row": lambda: pyarrow_binary([np.random.default_rng(0).bytes(4 << 20)] * 200),
}


def pyarrow_binary(values: list[bytes]) -> Any:
    import pyarrow

    return pyarrow.array(values, pyarrow.binary())

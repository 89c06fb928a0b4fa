"""decode: the bytes of a picture file, of any mode and size, as RGB pixels; a damaged file is a DataError and no more.

A picture is turned upright as its camera said, cut to its centre square, resized with Pillow's Lanczos filter (which
averages over the area when it shrinks), and put on white where it is transparent. Of 16 or 32 bits of grey, those
above the lowest eight are kept, at most 255. Of an animation, the first frame is the picture.
"""

import contextlib
import io
import logging
import os
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ablab.errors import DataError

DEFAULT_SIZE = 32
FILTER = Image.Resampling.LANCZOS
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
MOST_PIXELS = 64 << 20  # of one picture before it is resized: 256 MB as Pillow holds RGB
MOST_CONVERTED = 32 << 20  # of one with a palette, transparency or deep grey, which is held up to four times
MOST_BYTES = 256 << 20  # of one file: 64 million pixels that are not compressed at all take 192 MB
MOST_SIDE = 4096  # that pictures are resized to
# A progressive JPEG is gone through once a scan: one of a few kilobytes can ask for hours. Ordinary ones have 10.
MOST_SCANNED = 32 * MOST_PIXELS
MOST_THREADS = 16
LARGE = 4 << 20  # pixels; larger pictures are decoded one at a time, so that memory does not grow with the threads
CHUNKS, TIMES_CHUNKS = 1000, 256  # of a PNG: so many, and one for so many bytes; libpng writes one for 8,192
SHOWN = 10  # unreadable files in one message
PNG_START = b"\x89PNG\r\n\x1a\n"

Item = tuple[str, Callable[[], bytes]]  # where a picture is, and a function that reads its bytes

_one_large = threading.Lock()
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else what it says of odd files goes to the screen


def decode(content: bytes, where: str, *, size: int | None) -> Tensor:
    """The picture in `content` as u8[3,size,size], or in its own size if none is given; `where` names it in errors.

    Nothing shows that single bits of a JPEG, WebP, GIF, BMP, TIFF or PPM were changed, as long as it can be decoded;
    of a PNG every checksum is compared.
    """
    if size is not None:
        _check_size(size)
    with _quiet():
        return _decoded(content, where, size)


def decode_all(
    items: Sequence[Item], *, size: int | None, skip_unreadable: bool
) -> tuple[Tensor, tuple[int, ...], tuple[str, ...]]:
    """All pictures as u8[N,3,size,size] (32 if no size is given), the items that were kept, and those left out.

    Unreadable ones are an error that lists them, unless they are to be skipped; then there may be none left.
    """
    side = DEFAULT_SIZE if size is None else size
    _check_size(side)
    images = _room(len(items), side)

    def fill(row: int) -> str:
        where, read = items[row]
        try:
            images[row] = _decoded(_bytes(where, read), where, side)
        except DataError as error:
            return str(error)
        return ""

    threads = max(2, min(os.cpu_count() or 1, MOST_THREADS))
    with _quiet(), ThreadPoolExecutor(threads) as pool:
        faults = list(pool.map(fill, range(len(items))))
    kept = tuple(row for row, fault in enumerate(faults) if not fault)
    unreadable = [fault for fault in faults if fault]
    if unreadable and not skip_unreadable:
        more = [f"and {len(unreadable) - SHOWN:,} more"] if len(unreadable) > SHOWN else []
        listed = "\n".join([*unreadable[:SHOWN], *more])
        raise DataError("\n".join([listed, *_unreadable(len(unreadable), len(items))]))
    if len(kept) < len(items):
        images = images[list(kept)]
    return images, kept, tuple(where for (where, _), fault in zip(items, faults, strict=True) if fault)


def _unreadable(many: int, of: int) -> list[str]:
    """How many pictures cannot be read, and what to do; nothing more to say of a picture that is alone.

    >>> _unreadable(1, 3), _unreadable(3, 3), _unreadable(1, 1)
    (['1 of 3 pictures is unreadable; --skip-unreadable leaves it out'], ['none of the 3 pictures can be read'], [])
    """
    if many == of:
        return [f"none of the {of:,} pictures can be read"] if of > 1 else []
    rest = (
        "is unreadable; --skip-unreadable leaves it out"
        if many == 1
        else ("are unreadable; --skip-unreadable leaves them out")
    )
    return [f"{many:,} of {of:,} pictures {rest}"]


def treatment(side: int) -> str:
    """A sentence that says how pictures of other sizes came to `side` pixels."""
    return f"cropped pictures of other sizes to their center square and resized them to {side} x {side} ({FILTER.name})"


def _check_size(size: int) -> None:
    if not 1 <= size <= MOST_SIDE:
        raise DataError(f"size={size}: ablab resizes pictures to 1 to {MOST_SIDE:,} pixels per side")


def _room(count: int, side: int) -> Tensor:
    try:
        return torch.empty(count, 3, side, side, dtype=torch.uint8)
    except RuntimeError:  # torch's word for no memory
        needed = count * 3 * side**2 / 1e9
        raise DataError(
            f"{count:,} pictures of {side} x {side} pixels need {needed:.1f} GB of memory; choose a smaller size"
        ) from None


def _bytes(where: str, read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except OSError as error:
        raise DataError(f"{where}: cannot be read ({error.strerror or error})") from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warnings on odd metadata and sizes. Filters are those of the process: not for use in threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _decoded(content: bytes, where: str, size: int | None) -> Tensor:
    try:
        return _pixels(content, where, size)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{where}: claims far more than {MOST_PIXELS:,} pixels; not opened") from None
    except UnidentifiedImageError:
        raise DataError(f"{where}: is not a readable image (known: {', '.join(FORMATS)})") from None
    except Exception as error:  # Pillow's readers raise whatever a damaged file makes them stumble over
        why = (str(error).strip() or type(error).__name__).split("\n")[0]
        printable = "".join(c if c.isprintable() else "?" for c in why[:200])
        raise DataError(f"{where}: cannot be read as a picture ({printable})") from None


def _pixels(content: bytes, where: str, size: int | None) -> Tensor:
    if not content:
        raise DataError(f"{where}: is empty")
    if len(content) > MOST_BYTES:
        raise DataError(f"{where}: has more than {MOST_BYTES:,} bytes, more than any picture")
    if content.startswith(PNG_START):
        _check_png(content, where)
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        is_plain = opened.mode in ("1", "L", "RGB", "CMYK", "YCbCr") and "transparency" not in opened.info
        if width * height > (most := MOST_PIXELS if is_plain else MOST_CONVERTED):
            raise DataError(
                f"{where}: claims {width:,} x {height:,} pixels; at most {most:,} are decoded "
                f"of mode {opened.mode}, if it is genuine, save it at a smaller size"
            )
        if opened.format == "JPEG" and content.count(b"\xff\xda") * width * height > MOST_SCANNED:
            raise DataError(f"{where}: is a JPEG with more scans than any genuine one of its size; not decoded")
        with _one_large if width * height > LARGE else contextlib.nullcontext():
            opened.load()
            _turn_upright(opened)
            picture = _on_white(_resized(_plain(opened, where), size))
            return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()  # u8[H,W,3] -> u8[3,H,W]


def _check_png(content: bytes, where: str) -> None:
    """Compare the checksum of every chunk: Pillow passes over those of the pixels."""
    view = memoryview(content)
    at, number = len(PNG_START), 0
    while at + 12 <= len(view):
        number += 1
        if number > CHUNKS + len(view) // TIMES_CHUNKS:
            raise DataError(f"{where}: has more chunks than any genuine PNG of its size; not decoded")
        end = at + 8 + int.from_bytes(view[at : at + 4])
        kind = bytes(view[at + 4 : at + 8])
        if end + 4 > len(view):
            break
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(view[end : end + 4]):
            raise DataError(f"{where}: is damaged: its chunk {kind!r} does not have its checksum")
        if kind == b"IEND":
            return
        at = end + 4
    raise DataError(f"{where}: is cut short or damaged: its {len(content):,} bytes end before the PNG does")


def _turn_upright(opened: Image.Image) -> None:
    """As it was seen when it was taken, in place: a copy of the largest would be 256 MB.

    Where the notes of the camera are damaged, the picture is left as it is.
    """
    with contextlib.suppress(Exception):  # again, whatever damaged bytes lead to
        ImageOps.exif_transpose(opened, in_place=True)


def _plain(picture: Image.Image, where: str) -> Image.Image:
    """The same picture in a mode that can be resized: L, LA, RGB or RGBA."""
    if picture.mode == "F":
        raise DataError(f"{where}: holds fractions and not colors; save it as a PNG with 8 or 16 bits")
    if picture.mode.startswith("I"):
        values = np.asarray(picture)
        grey = Image.fromarray((values >> 8).clip(0, 255).astype(np.uint8))
        if isinstance(clear := picture.info.get("transparency"), int):
            grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
        return grey
    if picture.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")


def _resized(picture: Image.Image, size: int | None) -> Image.Image:
    """The centre square, `size` pixels a side. Clear pixels do not bleed: Pillow weighs colours by their opacity."""
    if size is None or picture.size == (size, size):
        return picture
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return picture.resize((size, size), FILTER, box=(left, top, left + side, top + side))


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("LA", "RGBA"):
        return picture.convert("RGB")
    whole = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")

"""Damaged and hostile pictures end as pixels or as a message; never as a crash, a hang or a full memory."""

import io
import os
import random
import resource
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data import pictures
from ablab.data.pictures import decode
from ablab.errors import DataError
from damage import MOST_KILOBYTES, changed, watched

pytestmark = pytest.mark.faults

N = int(os.environ.get("ABLAB_FAULTS_N", "1200"))
KINDS = {
    "PNG": {},
    "PNG with its checksums made right again": {},
    "PNG of a palette": {"transparency": 3},
    "JPEG": {"quality": 80},
    "progressive JPEG": {"progressive": True},
    "JPEG with EXIF": {},
    "WEBP": {"quality": 80},
    "lossless WEBP": {"lossless": True},
    "GIF": {"save_all": True},
    "BMP": {},
    "TIFF": {},
    "PPM": {},
}


def genuine(kind):
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (24, 20, 3), dtype=np.uint8)
    form = next(word for word in kind.split() if word in pictures.FORMATS)
    options = dict(KINDS[kind])
    picture = Image.fromarray(pixels)
    if "palette" in kind:
        picture = picture.quantize(16)
    if "EXIF" in kind:
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 6
    if form == "GIF":
        options["append_images"] = [Image.fromarray(255 - pixels)]
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def sealed(content):
    """A PNG whose chunks have the checksums of what is in them now, so that their readers are reached."""
    content = bytearray(content)
    at = 8
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4])
        if end + 4 > len(content):
            break
        content[end : end + 4] = zlib.crc32(content[at + 4 : end]).to_bytes(4)
        at = end + 4
    return bytes(content)


def read_all(many, say):
    """Decodes `many` mutations of each kind, and says before each which one it is."""
    outcomes = {}
    before = None
    for kind in KINDS:
        content = genuine(kind)
        whole = decode(content, "whole", size=None)
        before = before or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counts = outcomes[kind] = {"read": 0, "refused": 0, "silent": 0}
        for at in range(many):
            say((kind, at))
            mutated = changed(content, random.Random(f"{kind} {at}"))
            if "right again" in kind:
                mutated = sealed(mutated)
            size = (None, 16)[at % 2]
            try:
                found = decode(mutated, "x", size=size)
                assert found.dtype == torch.uint8
                assert found.shape[0] == 3
                assert size is None or found.shape == (3, size, size)
                counts["read"] += 1
                counts["silent"] += size is None and not torch.equal(found, whole)
            except DataError as error:
                assert str(error).startswith("x: ")
                assert str(error).isprintable()
                counts["refused"] += 1
    say({"outcomes": outcomes, "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before})


@pytest.mark.slow
def test_no_mutation_crashes_hangs_or_fills_the_memory():
    many = max(100, N // len(KINDS))
    found = watched(read_all, many)
    assert found["kilobytes"] < MOST_KILOBYTES
    for kind, counts in found["outcomes"].items():
        assert counts["read"] + counts["refused"] == many, kind
        assert counts["refused"] > 0, kind
        if "PNG" in kind:  # every byte is under a checksum, the pixels under two
            assert counts["silent"] == 0, kind


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def one_bit_png(side, *, filled=True, text=b""):
    """A genuine black picture of side x side pixels, in side * side / 8,000 bytes."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(pack.compress(row * 1000) for _ in range(side // 1000)) if filled else b""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rest = (text, chunk(b"IDAT", data + pack.flush()), chunk(b"IEND", b""))
    return pictures.PNG_START + chunk(b"IHDR", header) + b"".join(rest)


def scans_without_end():
    out = io.BytesIO()
    Image.new("L", (8000, 8000)).save(out, "JPEG", progressive=True)
    content = out.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + scan * 300 + content[-2:]


def frames_without_end():
    out = io.BytesIO()
    frames = [Image.new("L", (64, 64), shade) for shade in (1, 2)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    content = out.getvalue()
    second = content[content.rindex(b"\x21\xf9") : -1]
    return content[:-1] + second * 100_000 + content[-1:]


def bombs():
    """Files that ask for far more than they hold, and whether one of them is a picture all the same."""
    packed_text = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    webp = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + b"\xff\xff\xff\x0f" + bytes(5)
    return {
        "60000x60000 as a PNG says": (one_bit_png(60_000, filled=False), False),
        "20000x20000": (one_bit_png(20_000), False),
        "12000x12000": (one_bit_png(12_000), False),
        "8000x8000, within the limit": (one_bit_png(8_000), True),
        "text of 100 MB": (one_bit_png(1_000, text=chunk(b"zTXt", packed_text)), False),
        "profile of 100 MB": (one_bit_png(1_000, text=chunk(b"iCCP", packed_text)), False),
        "2147483647x2147483647 as a PNG says": (sealed_header(2**31 - 1), False),
        "65535x65535 as a GIF says": (b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b"\x2c" + bytes(20), False),
        "16384x16384 as a WebP says": (b"RIFF" + struct.pack("<I", 22) + b"WEBP" + webp, False),
        "99999x99999 as a PPM says": (b"P6 99999 99999 255\n" + bytes(100), False),
        "60000x60000 as a BMP says": (
            b"BM" + struct.pack("<IIIIiiHHI", 90, 0, 54, 40, 60_000, 60_000, 1, 24, 0),
            False,
        ),
        "a TIFF whose directory comes after itself": (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", False),
        "a TIFF tag of 4 GB": (b"II*\0\x08\0\0\0\1\0\0\1\4\0\xff\xff\xff\xff\x1a\0\0\0" + bytes(20), False),
        "a JPEG of scans without end": (scans_without_end(), False),
        "a GIF of frames without end": (frames_without_end(), True),
        "a PNG of a million empty chunks": (one_bit_png(16, text=chunk(b"teXt", b"") * 1_000_000), False),
        "a clear palette of 8000x8000": (palette_png(8_000), False),
        "a clear palette of 5000x5000": (palette_png(5_000), True),
    }


def palette_png(side):
    out = io.BytesIO()
    picture = Image.new("P", (side, side))
    picture.putpalette([0, 0, 0, 255, 255, 255])
    picture.save(out, "PNG", transparency=0)
    return out.getvalue()


def sealed_header(side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return pictures.PNG_START + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")


def read_bombs(say):
    """Decodes each bomb; says what came of it and how much memory that took."""
    decode(one_bit_png(1_000), "ordinary", size=32)
    results = {}
    for name, (content, is_picture) in bombs().items():
        # What making the files took is not what reading them takes: the count of the peak starts anew.
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        say(name)
        try:
            assert decode(content, "bomb", size=32).shape == (3, 32, 32)
            read = True
        except DataError as error:
            assert str(error).startswith("bomb: ")
            read = False
        results[name] = (read == is_picture, peak() - before)
    say(results)


def peak():
    """Kilobytes that this process had at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.slow
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="peak memory is measured by Linux's /proc")
def test_no_bomb_goes_off():
    found = watched(read_bombs)
    assert len(found) > 10
    for name, (as_expected, kilobytes) in found.items():
        assert as_expected, name
        assert kilobytes < MOST_KILOBYTES, name

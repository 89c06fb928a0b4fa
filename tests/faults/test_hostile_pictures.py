"""Damaged and hostile pictures end as pixels or as a message; never as a crash, a hang or a full memory."""

import io
import os
import random
import resource
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data import pictures
from ablab.data.pictures import decode
from ablab.errors import DataError
from damage import MOST_KILOBYTES, changed, peak_memory, watched
from fault_suite.hostile.bombs import BOMBS, one_bit_png

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


def read_bombs(say):
    """Decodes each bomb; says what came of it and how much memory that took."""
    decode(one_bit_png(1_000), "ordinary", size=32)
    results = {}
    for name, (bomb, is_picture) in BOMBS.items():
        content = bomb()
        # What making the files took is not what reading them takes: the count of the peak starts anew.
        before = peak_memory(anew=True)
        say(name)
        try:
            assert decode(content, "bomb", size=32).shape == (3, 32, 32)
            read = True
        except DataError as error:
            assert str(error).startswith("bomb: ")
            read = False
        results[name] = (read == is_picture, peak_memory() - before)
    say(results)


@pytest.mark.slow
@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="peak memory is measured by Linux's /proc")
def test_no_bomb_goes_off():
    found = watched(read_bombs)
    assert len(found) > 10
    for name, (as_expected, kilobytes) in found.items():
        assert as_expected, name
        assert kilobytes < MOST_KILOBYTES, name

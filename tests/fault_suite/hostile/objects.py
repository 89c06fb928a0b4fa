"""Arrays and weights that hide Python objects, lie about their sizes, or swell."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from fault_suite.hostile.pickles import exploits


def array(header: str | bytes, values: bytes = bytes(48), version: bytes = b"\1\0") -> bytes:
    """An .npy file with any header."""
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return npy.MAGIC_PREFIX + version + length + text + values


def described(dtype: str = "'|u1'", shape: str = "(4, 2, 2, 3)") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}\n"


def zipped(members: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def plain(values: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


LABELS = {"y_train.npy": plain(np.arange(4) % 2), "y_test.npy": plain(np.arange(4) % 2)}
IMAGES = array(described())


def holding(images: bytes, **more: bytes) -> bytes:
    """An .npz with these training images, and all else as it should be."""
    return zipped({"x_train.npy": images, "x_test.npy": IMAGES, **LABELS, **more})


def overlapping() -> bytes:
    """A directory in which two thousand names stand for one place in the file (Fifield 2019)."""
    out, packed = io.BytesIO(), array(described(shape=f"({1 << 20}, 2, 2, 3)"), bytes(12 << 20))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", packed)
        first = archive.filelist[0]
        for at in range(2000):
            other = zipfile.ZipInfo(f"x_{at}.npy")
            for key in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(other, key, getattr(first, key))
            archive.filelist.append(other)
    return out.getvalue()


def arrays(marker: Path) -> dict[str, bytes]:
    code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    objects = exploits(marker)
    head = described("'|O'", "(4,)")
    return {
        **{f"objects, {name}": holding(array(head, objects[name])) for name in ("protocol 2", "BUILD", "STACK_GLOBAL")},
        "objects in version 3": holding(array(head, objects["protocol 4"], b"\3\0")),
        "objects as labels": holding(IMAGES, **{"y_train.npy": array(head, objects["protocol 4"])}),
        "objects in a field": holding(array(described("[('a', '|O')]", "(4,)"), objects["protocol 2"])),
        "a header that calls": holding(array(f"{{'descr': {code}, 'fortran_order': False, 'shape': (4,)}}\n")),
        "a header that is code": holding(array(f"{code}\n")),
        "a header in brackets": holding(array("(" * 5000)),
        "a header of minus signs": holding(array(described(shape="(" + "-" * 5000 + "1,)"))),
        "a header of a power": holding(array(described(shape="(9**9**9,)"))),
        "a header of 4 GB": holding(array(b"", version=b"\2\0")[:8] + b"\xff\xff\xff\xff"),
        "10^12 images": holding(array(described(shape="(1000000000000, 32, 32, 3)"))),
        "less than no images": holding(array(described(shape="(-4, 2, -2, 3)"))),
        "a number of 4,000 digits": holding(array(described(shape="(" + "9" * 4000 + ",)"))),
        "a million dimensions": holding(array(described(shape="(" + "1," * 30_000 + ")"))),
        "no bytes a value": holding(array(described("'|V0'", "(4, 2, 2, 3)"))),
        "text as images": holding(array(described("'<U9'", "(4,)"), bytes(144))),
        "a name that leads out": zipped({"../../x_train.npy": IMAGES, "/tmp/y_train.npy": IMAGES}),
        "a pickle by name": zipped({"x_train.pkl": objects["protocol 2"], "archive/data.pkl": objects["BUILD"]}),
        "a pickle": objects["protocol 2"],
    }


# What takes long to make.
SWOLLEN: dict[str, Callable[[], bytes]] = {
    "zeros, packed": lambda: zipped(
        {"x_train.npy": array(described(shape="(100000, 32, 32, 3)"), bytes(307_200_000)), **LABELS},
        method=zipfile.ZIP_DEFLATED,
    ),
    "one place under 2,000 names": overlapping,
    "20,000 members": lambda: zipped({f"{at}.npy": b"" for at in range(20_000)}),
}


def tensors(header: Any, values: bytes = bytes(16), *, length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + values


def weights(marker: Path) -> dict[str, bytes]:
    objects = exploits(marker)
    good = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
    code = {"data.pkl": objects["protocol 2"], "byteorder": b"little", "data/0": bytes(16), "version": b"3\n"}
    return {
        "a torch file": zipped({f"archive/{name}": content for name, content in code.items()}),
        "a torch file of old": objects["protocol 2"] * 4,
        "a pickle": objects["STACK_GLOBAL"],
        "a header of 8 EB": tensors({"w": good}, length=(1 << 63) - 1),
        "a header of 90 MB": tensors({"w": good}, length=90_000_000),
        "a header in brackets": tensors(b"[" * 200_000),
        "a header that is no JSON": tensors(b"{'w': 1}"),
        "a tensor of 10^18 values": tensors({"w": {**good, "shape": [1 << 30, 1 << 30]}}),
        "sizes that overflow": tensors({"w": {**good, "shape": [1 << 33, 1 << 33, 4]}}),
        "less than nothing": tensors({"w": {**good, "shape": [-2, -2]}}),
        "places beyond the end": tensors({"w": {**good, "data_offsets": [0, 1 << 40]}}),
        "places backwards": tensors({"w": {**good, "data_offsets": [16, 0]}}),
        "two tensors in one place": tensors({"w": good, "v": good}),
        "a hole": tensors({"w": good}, bytes(32)),
        "an unknown type": tensors({"w": {**good, "dtype": "OBJECT"}}),
        "one name twice": tensors(b'{"w":' + json.dumps(good).encode() + b',"w":' + json.dumps(good).encode() + b"}"),
        "nothing": b"",
        "eight bytes": bytes(8),
    }

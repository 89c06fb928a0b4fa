"""Small data sets in the official CIFAR forms, byte for byte as the official writer would have made them."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ablab.data.dataset import Examples
from ablab.data.known import BINARY, KNOWN, Known, Member

RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
NDARRAY = b"cnumpy\nndarray\n"
DTYPE = b"cnumpy\ndtype\n"


class Pickle:
    """Writes opcodes of protocol 2 with the memo numbers that Python 2 gave them."""

    def __init__(self):
        self.out = bytearray(b"\x80\x02")
        self.memo = 0

    def put(self, code):
        self.memo += 1
        self.out += code
        self.out += b"q" + bytes([self.memo]) if self.memo < 256 else b"r" + self.memo.to_bytes(4, "little")

    def string(self, text):
        self.put(b"U" + bytes([len(text)]) + text)

    def whole_list(self, items):
        self.put(b"]")
        for start in range(0, len(items), 1000):
            self.out += b"("
            for item in items[start : start + 1000]:
                self.string(item) if isinstance(item, bytes) else self.out.extend(number(item))
            self.out += b"e"

    def array(self, rows, columns, pixels):
        self.put(RECONSTRUCT)
        self.put(NDARRAY)
        self.out += b"K\0\x85U\1b\x87"
        self.put(b"R")
        self.out += b"(K\1" + number(rows) + number(columns) + b"\x86"
        self.put(DTYPE)
        self.out += b"U\2u1K\0K\1\x87"
        self.put(b"R")
        self.out += b"(K\3U\1|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
        self.out += b"T" + len(pixels).to_bytes(4, "little") + pixels + b"tb"


def number(value):
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"M" + value.to_bytes(2, "little") if 0 <= value < 65536 else b"J" + value.to_bytes(4, "little", signed=True)


def cifar10_pickle(
    pixels: bytes,
    labels: list[int],
    names: list[bytes] | None = None,
    label: bytes = b"testing batch 1 of 1",
    columns: int = 3072,
) -> bytes:
    """A python batch of CIFAR-10."""
    file = Pickle()
    file.put(b"}")
    file.out += b"("
    file.string(b"batch_label")
    file.string(label)
    file.string(b"labels")
    file.whole_list(labels)
    file.string(b"data")
    file.array(len(pixels) // columns, columns, pixels)
    file.string(b"filenames")
    file.whole_list(names if names is not None else [f"cat_s_{i:06}.png".encode() for i in range(len(labels))])
    return bytes(file.out + b"u.")


def cifar100_pickle(pixels, fine, coarse, names=None, label=b"testing batch 1 of 1", columns=3072):
    """A python batch of CIFAR-100."""
    file = Pickle()
    file.put(b"}")
    file.out += b"("
    file.string(b"filenames")
    file.whole_list(names if names is not None else [f"cat_s_{i:06}.png".encode() for i in range(len(fine))])
    file.string(b"batch_label")
    file.string(label)
    file.string(b"fine_labels")
    file.whole_list(fine)
    file.string(b"coarse_labels")
    file.whole_list(coarse)
    file.string(b"data")
    file.array(len(pixels) // columns, columns, pixels)
    return bytes(file.out + b"u.")


@dataclass(frozen=True)
class Small:
    """A data set of a few random images: the files of one form, what is known of them, and what must come out."""

    known: Known
    files: dict[str, bytes]
    train: Examples
    test: Examples

    def folder(self, path: Path, **changes: bytes | None) -> Path:
        """Writes the files to `path`, with other content for some or (None) without them."""
        path.mkdir(parents=True)
        for name, content in {**self.files, **changes}.items():
            if content is not None:
                (path / name).write_bytes(content)
        return path

    def archive(self, path: Path, **changes: bytes | None) -> Path:
        files = {f"{self.known.folder}/{name}": content for name, content in {**self.files, **changes}.items()}
        path.write_bytes(gzip.compress(tar({n: c for n, c in files.items() if c is not None})))
        return path


def small(name="cifar10", form="python", kind="fine", images=4, seed=0) -> Small:
    """`images` a file. The pixels and labels of the two forms are the same."""
    official = (KNOWN if form == "python" else BINARY)[name]
    rng = np.random.default_rng(seed)
    files, members, parts = {}, [], {"train": [], "test": []}
    for member in official.batches:
        pixels = rng.integers(0, 256, (images, 3072), dtype=np.uint8)
        numbers = {key: rng.integers(0, len(labels.classes), images) for key, labels in official.labels.items()}
        if form == "binary":
            columns = sorted(official.labels, key=lambda key: official.labels[key].column)
            rows = np.concatenate([*(numbers[key][:, None].astype(np.uint8) for key in columns), pixels], 1)
            content = rows.tobytes()
        elif name == "cifar10":
            content = cifar10_pickle(pixels.tobytes(), numbers["fine"].tolist())
        else:
            content = cifar100_pickle(pixels.tobytes(), numbers["fine"].tolist(), numbers["coarse"].tolist())
        files[member.name] = content
        members.append(Member(member.name, len(content), hashlib.sha256(content).hexdigest(), member.part, images))
        parts[member.part].append((pixels, numbers[kind]))
    train, test = (
        Examples(
            torch.from_numpy(np.concatenate([pixels for pixels, _ in batches])).view(-1, 3, 32, 32),
            torch.from_numpy(np.concatenate([labels for _, labels in batches])),
        )
        for batches in (parts["train"], parts["test"])
    )
    fingerprints = {("test", kind): test.fingerprint}
    if name == "cifar10":  # of the training images of CIFAR-100 only the files' digests are known
        fingerprints["train", kind] = train.fingerprint
    known = replace(official, members=tuple(members), fingerprints=fingerprints)
    return Small(known, files, train, test)


def tar(files: dict[str, bytes], format=tarfile.GNU_FORMAT) -> bytes:
    """A tar as the usual program makes it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()

"""Dataset: images in memory, labels, class names and a fingerprint; and how a run splits it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

CHUNK = 4 << 20  # bytes hashed at a time: small enough that both cores of a small machine have work


@dataclass(frozen=True)
class Examples:
    """Images u8[N,C,H,W] and their labels i64[N], contiguous; on the CPU, or on the GPU that trains with them."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"<Examples: {len(self):,} images of {'x'.join(map(str, self.images.shape[1:]))}>"

    @cached_property
    def fingerprint(self) -> str:
        """Of pixels, labels and shape; the same whatever file they came from and whatever machine reads them."""
        shape = "x".join(str(n) for n in self.images.shape)
        parts = [f"ablab examples 1 {shape}".encode(), digest(self.images), digest(self.labels)]
        return hashlib.sha256(b"\n".join(parts)).hexdigest()


@dataclass(frozen=True, repr=False)
class Dataset:
    """What a source gave: training and test examples. `val` is there only where the source itself has such a part."""

    name: str
    classes: tuple[str, ...]
    train: Examples
    test: Examples
    val: Examples | None = None
    notes: tuple[str, ...] = ()  # what a person should know: parts set aside, files left out

    @property
    def in_shape(self) -> tuple[int, int, int]:
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    def kept(self) -> str:
        """Keep these images for processes and for later; gives the text that names them: `data=arrays(k3f2a...)`."""
        from ablab.data.sources.memory import keep

        return keep(self)

    def __repr__(self) -> str:
        sizes = f"{len(self.train):,} + {len(self.test):,} images"
        return f"<Dataset {self.name}: {sizes} of {'x'.join(map(str, self.in_shape))} in {len(self.classes)} classes>"

    @cached_property
    def fingerprint(self) -> str:
        parts = [part.fingerprint for part in (self.train, self.val, self.test) if part is not None]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Splits:
    """The rows that one run trains on and is selected on, and the test examples. No image is copied."""

    examples: Examples  # training and validation images together; rows below count in it
    train: Tensor  # i64 rows
    val: Tensor  # i64 rows
    test: Examples
    classes: tuple[str, ...]


def digest(tensor: Tensor) -> bytes:
    """SHA-256 over the SHA-256 of each chunk, the chunks hashed by two threads at once."""
    if not len(tensor):
        return hashlib.sha256(b"").digest()
    view = tensor.contiguous().view(torch.uint8).reshape(-1).numpy().data
    with ThreadPoolExecutor(2) as pool:
        chunks = pool.map(lambda at: hashlib.sha256(view[at : at + CHUNK]).digest(), range(0, len(view), CHUNK))
        return hashlib.sha256(b"".join(chunks)).digest()

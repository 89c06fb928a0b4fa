"""Corruptions of images, of the fifteen kinds and five strengths of CIFAR-10-C. One is one marked function.

The definitions and their constants are those of D. Hendrycks and T. Dietterich, Benchmarking Neural Network Robustness
to Common Corruptions and Perturbations (ICLR 2019), for images of 32x32 pixels; images of other sizes are corrupted
with the same constants. Their files hold other draws, and frost there is cut from photographs, so figures come close to
those on the published files and do not equal them.

A function takes images f32[N,H,W,C] with values from 0 to 1, the strength, 1 to 5, and one source of random numbers for
each image, and gives such images, whose values are clipped afterwards. `@mark("corruption", "name", group="noise")`
offers it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ablab.catalogue import catalogue
from ablab.errors import InputError, did_you_mean

Images = NDArray[np.floating[Any]]
Draws = Sequence[np.random.RandomState]  # whose streams NumPy keeps the same in all versions, unlike Generator's
STRENGTHS = (1, 2, 3, 4, 5)
BATCH = 500  # images at a time


@dataclass(frozen=True)
class Corruption:
    """One kind at one strength."""

    kind: str
    strength: int

    def __str__(self) -> str:
        return f"{self.kind}@{self.strength}"


def kinds() -> tuple[str, ...]:
    """The names of all kinds, in the order of the paper: noise, blur, weather, digital."""
    groups = ("noise", "blur", "weather", "digital")
    entries = catalogue("data.corruptions", "corruption")
    return tuple(sorted(entries, key=lambda name: (groups.index(entries[name].facts["group"]), name)))


def read_corruptions(texts: Sequence[str]) -> tuple[Corruption, ...]:
    """What texts such as `all`, `fog` and `fog@3` name, each once."""
    named: list[Corruption] = []
    for text in texts:
        kind, mark, strength = text.partition("@")
        if kind != "all" and kind not in kinds():
            raise InputError(f'no corruption is called "{kind}": {did_you_mean(kind, ["all", *kinds()])}')
        if mark and strength not in map(str, STRENGTHS):
            raise InputError(f"{text}: give a strength from 1 to 5, such as {kind}@3")
        strengths = (int(strength),) if mark else STRENGTHS
        named += [Corruption(each, at) for each in (kinds() if kind == "all" else (kind,)) for at in strengths]
    return tuple(dict.fromkeys(named))


def corrupted(images: Tensor, corruption: Corruption) -> Tensor:
    """The images, u8[N,C,H,W], corrupted. The numbers for an image depend on its place and on the kind alone."""
    change = catalogue("data.corruptions", "corruption")[corruption.kind].load()
    parts = []
    for start in range(0, len(images), BATCH):
        some = images[start : start + BATCH]
        draws = [_draw(corruption.kind, start + at) for at in range(len(some))]
        values = some.permute(0, 2, 3, 1).numpy().astype(np.float32) / 255  # u8[N,C,H,W] -> f32[N,H,W,C]
        changed = np.clip(change(values, corruption.strength, draws), 0, 1) * 255
        # As in the published files, fractions are cut off; what was no fraction before rounding errors is none.
        parts.append(torch.from_numpy((changed + 1e-3).astype(np.uint8)).permute(0, 3, 1, 2).contiguous())
    return torch.cat(parts) if parts else images


def _draw(kind: str, place: int) -> np.random.RandomState:
    """The numbers for one image. Philox starts in a tenth of the time that the usual generator takes."""
    key = int.from_bytes(hashlib.sha256(f"corruption/{kind}".encode()).digest()[:16], "little")
    return np.random.RandomState(np.random.Philox(key=key, counter=place << 128))

"""The only source of randomness: a generator for every (seed, purpose, epoch)."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def number(seed: int, purpose: str, epoch: int = 0) -> int:
    """The 64-bit number that a stream starts from; the same on every machine.

    >>> number(0, "order", 3)
    5172884068272721061
    """
    digest = hashlib.sha256(f"{seed}/{purpose}/{epoch}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def stream(seed: int, purpose: str, epoch: int = 0) -> "torch.Generator":
    """A fresh generator on the CPU, whatever device the run is on, so that draws do not depend on the device."""
    import torch

    return torch.Generator().manual_seed(number(seed, purpose, epoch))

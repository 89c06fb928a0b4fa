"""Kind: what the bits of a run depend on, of a machine. Where runs go to several machines, all have one kind."""

import functools
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ablab.train.device import capability, choose_hardware
from ablab.version import VERSION


@dataclass(frozen=True)
class Kind:
    """Pairs of runs on two kinds would compare the kinds."""

    device: str
    precision: str  # that precision=auto takes
    capability: str

    def __str__(self) -> str:
        return f"{self.device}, {self.precision} ({self.capability})"


@dataclass(frozen=True)
class Facts:
    """What a machine says of itself."""

    kind: Kind
    ablab: str
    torch: str
    python: str
    cores: int

    def differences(self, other: "Facts") -> Iterator[tuple[str, str, str]]:
        """The versions that have to be the same on both: of which program, here and there."""
        versions = (
            ("ablab", self.ablab, other.ablab),
            ("torch", self.torch, other.torch),
            ("Python", _minor(self.python), _minor(other.python)),
        )
        return ((what, here, there) for what, here, there in versions if here != there)


@functools.cache
def own_facts() -> Facts:
    """What this process's machine is."""
    hardware = choose_hardware()
    return Facts(
        Kind(hardware.name, hardware.precision, capability()),
        VERSION,
        torch.__version__.partition("+")[0],  # what follows + is for which hardware it was built
        platform.python_version(),
        os.cpu_count() or 1,
    )


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])

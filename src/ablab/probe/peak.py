"""What this machine can do at most: multiplications of matrices and convolutions, in each format of numbers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ablab.train.device import NUMBERS, Hardware

SIDE = 1024  # of the matrices: large enough that starting a kernel does not show
IMAGES, CHANNELS, PIXELS = 16, 64, 32  # of the convolution, 3x3: a layer of resnet18 in the middle of a step
ROUNDS = 5
SLOW = 0.5  # seconds
FORMATS = {"fp32": torch.float32, **NUMBERS}


@dataclass(frozen=True)
class Ceiling:
    """Billions of multiply-adds a second, the best of a few rounds."""

    precision: str
    matmul: float
    convolution: float
    training: float  # of the same convolution, forward and backward


def ceilings(hardware: Hardware) -> list[Ceiling]:
    """The ceilings of one device. A format that it does not know is left out."""
    found = []
    for precision, dtype in FORMATS.items():
        try:
            found.append(_ceiling(precision, dtype, hardware.device))
        except RuntimeError:
            continue
    return found


def _ceiling(precision: str, dtype: torch.dtype, device: torch.device) -> Ceiling:
    left, right = (torch.ones(SIDE, SIDE, dtype=dtype, device=device) for _ in range(2))
    images = torch.ones(IMAGES, CHANNELS, PIXELS, PIXELS, dtype=dtype, device=device)
    images = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    filters = torch.ones(CHANNELS, CHANNELS, 3, 3, dtype=dtype, device=device, requires_grad=True)
    back = torch.ones_like(images)
    macs = IMAGES * PIXELS**2 * CHANNELS**2 * 9

    def forward() -> torch.Tensor:
        with torch.no_grad():
            return F.conv2d(images, filters, padding=1)

    def both() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(F.conv2d(images, filters, padding=1), (images, filters), back)

    return Ceiling(
        precision,
        _billions(SIDE**3, lambda: left @ right, device),
        _billions(macs, forward, device),
        _billions(3 * macs, both, device),
    )


def _billions(macs: int, work: Callable[[], object], device: torch.device) -> float:
    """The best of a few rounds of at least a fiftieth of a second each; what is hopelessly slow has one round."""
    best, times = 0.0, 1
    begun = time.perf_counter()
    work()
    rounds = ROUNDS if time.perf_counter() - begun < SLOW else 1
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(times):
            work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        took = time.perf_counter() - begun
        best = max(best, macs * times / took / 1e9)
        times = max(times, min(1000, round(times * 0.02 / max(took, 1e-6))))
    return best

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
PARTS = 16  # a sixteenth is tried first
SLOW = 0.05  # seconds for a sixteenth: the whole would take a second
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

    def product(parts: int) -> torch.Tensor:
        return left[: parts * SIDE // PARTS] @ right

    def forward(parts: int) -> torch.Tensor:
        with torch.no_grad():
            return F.conv2d(images[: parts * IMAGES // PARTS], filters, padding=1)

    def both(parts: int) -> tuple[torch.Tensor, ...]:
        some = slice(parts * IMAGES // PARTS)
        return torch.autograd.grad(F.conv2d(images[some], filters, padding=1), (images, filters), back[some])

    return Ceiling(
        precision,
        _billions(SIDE**3, product, device),
        _billions(macs, forward, device),
        _billions(3 * macs, both, device),
    )


def _billions(macs: int, work: Callable[[int], object], device: torch.device) -> float:
    """The best of a few rounds of at least a fiftieth of a second each; of what is hopelessly slow, a part is timed."""
    best, times = 0.0, 1
    begun = time.perf_counter()
    work(1)
    # The first call also loads code, so a slow one is timed once more.
    if time.perf_counter() - begun > SLOW and (took := _seconds_of_a_part(work)) > SLOW:
        return macs / PARTS / took / 1e9
    work(PARTS)
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            work(PARTS)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        took = time.perf_counter() - begun
        best = max(best, macs * times / took / 1e9)
        times = max(times, min(1000, round(times * 0.02 / max(took, 1e-6))))
    return best


def _seconds_of_a_part(work: Callable[[int], object]) -> float:
    begun = time.perf_counter()
    work(1)
    return time.perf_counter() - begun

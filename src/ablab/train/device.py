"""Where and in which number format a run computes, and what is set once per process for speed."""

import contextlib
import ctypes
import functools
import platform
from dataclasses import dataclass
from typing import Any, Literal

import torch

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Device:
    """The device, the number format of the forward pass (weights stay fp32) and the threads of the CPU."""

    torch: torch.device
    precision: Precision
    threads: int

    @property
    def name(self) -> str:
        return torch.cuda.get_device_name(self.torch) if self.torch.type == "cuda" else "cpu"

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.torch.type, dtype=torch.bfloat16)


def choose_device(precision: str) -> Device:
    """The GPU if there is one, else the CPU. `auto` is bf16 on a GPU that has it, and fp32 on a CPU."""
    keep_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if precision == "auto":
        precision = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    return Device(device, "bf16" if precision == "bf16" else "fp32", torch.get_num_threads())


@functools.cache
def keep_memory() -> bool:
    """Keep freed memory in the process (glibc only); whether that worked."""
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    trim_threshold, mmap_threshold = -1, -3
    return bool(libc.mallopt(mmap_threshold, 1 << 30) and libc.mallopt(trim_threshold, 1 << 30))

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
class Hardware:
    """The device, the number format of the forward pass (weights are always fp32) and the threads of the CPU."""

    device: torch.device
    precision: Precision
    threads: int
    memory_format: torch.memory_format = torch.contiguous_format

    @property
    def name(self) -> str:
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """The number format of a forward pass."""
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def repeatable(self) -> contextlib.AbstractContextManager[Any]:
        """While it is open, the same numbers give the same result: cuDNN neither times algorithms nor uses atomics."""
        if self.device.type != "cuda":
            return contextlib.nullcontext()
        return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)


def choose_hardware(precision: str, *, own_network: bool = False) -> Hardware:
    """The GPU if there is one, else the CPU.

    `auto` is bf16 on a GPU that has it, and fp32 on a CPU: there bf16 makes a step of simple-nn 1.2x faster, too little
    to give 16 bits of every product away unasked. Channels come last in memory on a GPU only: on a CPU simple-nn is
    1.1x faster with them, but with batch norm on two threads 1.4x slower. A user's own network never gets them,
    because `x.view(len(x), -1)` fails with them.
    """
    keep_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = device.type == "cuda"
    wants_bf16 = precision == "bf16" or (precision == "auto" and on_gpu and torch.cuda.is_bf16_supported())
    memory_format = torch.channels_last if on_gpu and not own_network else torch.contiguous_format
    return Hardware(device, "bf16" if wants_bf16 else "fp32", torch.get_num_threads(), memory_format)


@functools.cache
def keep_memory() -> bool:
    """Keep freed memory in the process, once per process and with glibc only; whether that was possible.

    glibc maps every buffer over 128 kB to 32 MB anew and gives it back to the system, which clears its pages for the
    next one. For simple-nn at 1,024 images a step, keeping them made the step 1.07x faster on one thread; on two busy
    cores it took away outliers of three times the usual length.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    trim_threshold, mmap_threshold = -1, -3  # names of mallopt(3)
    return bool(libc.mallopt(mmap_threshold, 1 << 30) and libc.mallopt(trim_threshold, 1 << 30))

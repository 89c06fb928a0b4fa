"""Where and in which number format a run computes, and what is set once per process for speed."""

import contextlib
import ctypes
import dataclasses
import functools
import gc
import os
import platform
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
import torch
from torch import nn

from ablab.errors import RecipeError, did_you_mean

Precision = Literal["fp32", "bf16", "fp16"]
NUMBERS = {"bf16": torch.bfloat16, "fp16": torch.float16}
MOST_THREADS = 64  # on a machine with fewer cores; with 100,000 torch dies of a signal
FEW = 32  # channels below which batch norm of channels-last maps wastes what several threads gain


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
        return torch.autocast(self.device.type, dtype=NUMBERS[self.precision])

    @property
    def is_gpu(self) -> bool:
        """A card of the CUDA kind (AMD's count as such), the only device with a queue and with graphs."""
        return self.device.type == "cuda"

    def repeatable(self) -> contextlib.AbstractContextManager[Any]:
        """While it is open, a GPU gives the same result for the same numbers, and fp32 means fp32.

        cuDNN times no algorithms, torch takes deterministic kernels where it has any, and no product is in TF32, whose
        10 bits of precision are torch's default for convolutions.
        """
        return _repeatable() if self.is_gpu else contextlib.nullcontext()


@contextlib.contextmanager
def _repeatable() -> Iterator[None]:
    is_on, only_warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    products = torch.get_float32_matmul_precision()
    fills = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Else every new tensor would be written twice.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_float32_matmul_precision("highest")
    try:
        with (
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
            warnings.catch_warnings(),
        ):
            # Max pooling warns even where its windows do not overlap and its result is always the same.
            warnings.filterwarnings("ignore", message=".*deterministic")
            yield
    finally:
        torch.use_deterministic_algorithms(is_on, warn_only=only_warns)
        torch.utils.deterministic.fill_uninitialized_memory = fills  # type: ignore[attr-defined]
        torch.set_float32_matmul_precision(products)


def choose_hardware(
    precision: str = "auto",
    *,
    device: str = "auto",
    threads: int | None = None,
    channels_last: bool | Literal["auto"] = "auto",
    net: nn.Module | None = None,
    own_network: bool = False,
    card: int | None = None,
) -> Hardware:
    """Where a run computes and how; torch's number of threads is set now.

    `auto` is the GPU if there is one, else the CPU; and bf16 where there are instructions for it. On a CPU with AMX, a
    step of resnet18 takes 0.37 of what it takes in fp32, and one of simple-nn 0.8; with AVX-512's alone 0.6 and 0.9.
    Of several processes that train one run, each has a `card` of its own.
    """
    keep_memory()
    usual = usual_threads()
    if threads is not None and threads > (most := max(MOST_THREADS, os.cpu_count() or 1)):
        raise RecipeError(f"threads = {threads}: at most {most} here, on {os.cpu_count()} cores")
    torch.set_num_threads(threads or usual)
    chosen = _device(device, card)
    if chosen.type == "cuda":  # cuBLAS reads it when it starts; without it, products may differ from run to run
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    hardware = Hardware(chosen, _precision(precision, chosen), torch.get_num_threads())
    last = _channels_last(net, hardware, own_network) if channels_last == "auto" else channels_last
    return dataclasses.replace(hardware, memory_format=torch.channels_last) if last else hardware


def _device(text: str, card: int | None) -> torch.device:
    found = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available() and card is None),  # processes cannot meet on it
        "cpu": 1,
    }
    if text == "auto":
        text = next(kind for kind, many in found.items() if many)
    kind, _, number = text.partition(":")
    if kind not in found or (number and not number.isdigit()):
        raise RecipeError(f'device = "{text}": {did_you_mean(kind, ["auto", *found])}')
    if kind == "cuda" and found[kind] and card is not None:
        return _own_card(number, card, found[kind])
    if not found[kind] or int(number or 0) >= found[kind]:
        there = ", ".join(
            f"{name}:{i}" if name == "cuda" else name for name, many in found.items() for i in range(many)
        )
        raise RecipeError(f'device = "{text}": this machine has no such device; it has {there}')
    return torch.device(text)


def _own_card(number: str, card: int, cards: int) -> torch.device:
    """The GPU of one of several processes."""
    if number:
        raise RecipeError(f'device = "cuda:{number}": each process takes a separate GPU: write device=cuda')
    if card >= cards:
        raise RecipeError(
            f"torchrun started more processes than there are GPUs here ({cards}): write --nproc-per-node {cards}, or "
            "train on the CPU with device=cpu"
        )
    return torch.device("cuda", card)


def _precision(text: str, device: torch.device) -> Precision:
    if text in ("fp32", "bf16", "fp16"):
        return text  # type: ignore[return-value]
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bf16"
        return "fp16" if torch.cuda.get_device_capability(device) >= (7, 0) else "fp32"
    return "bf16" if device.type == "cpu" and multiplies_bf16() else "fp32"


def multiplies_bf16() -> bool:
    """The CPU has instructions that multiply bf16: matrix units (AMX), or AVX-512's (AMD since Zen 4)."""
    looks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    return any(look() for look in looks if look)


def _channels_last(net: nn.Module | None, hardware: Hardware, own_network: bool) -> bool:
    """Faster for nearly all networks on any device; a user's own may use `x.view(len(x), -1)`, which fails with it.

    The exception is batch norm over few channels on several threads of a CPU: a step of simple-nn with it takes 1.5
    times as long with channels last as without.
    """
    if own_network or net is None or hardware.device.type == "mps":
        return False
    if hardware.device.type == "cuda" or hardware.threads == 1:
        return True
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    return all(norm.num_features >= FEW for norm in norms)


def memory(hardware: Hardware) -> int:
    """Bytes that the process holds; on a GPU, the most that the run has held there so far."""
    if hardware.device.type == "cuda":
        return torch.cuda.max_memory_allocated(hardware.device)
    return int(psutil.Process().memory_info().rss)


def forget_peak(hardware: Hardware) -> None:
    """Let the peak of a GPU's memory be that of the run that begins."""
    if hardware.is_gpu:
        gc.collect()  # what a run before has left would count as this one's
        torch.cuda.reset_peak_memory_stats(hardware.device)


def capability() -> str:
    """What the machine's arithmetic depends on: the CPU's instructions, and a GPU's libraries and driver."""
    parts = [torch.backends.cpu.get_cpu_capability()]
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability()
        parts += [f"compute capability {major}.{minor}", f"CUDA {torch.version.cuda}"]
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        parts += [f"cuDNN {cudnn}", f"driver {_driver()}"]
    return ", ".join(parts)


@functools.cache
def _driver() -> str:
    """The version of the GPU's driver, as the kernel's module tells it on Linux."""
    try:
        told = Path("/sys/module/nvidia/version").read_text(encoding="ascii")
    except OSError:
        return "unknown"
    return told.strip()


@functools.cache
def usual_threads() -> int:
    """The threads that torch takes unless it is told."""
    return torch.get_num_threads()


@functools.cache
def keep_memory() -> bool:
    """Keep freed memory in the process, once per process and with glibc only; whether that was possible.

    glibc maps every buffer over 128 kB to 32 MB anew and gives it back to the system, which clears its pages for the
    next one: 70,000 page faults in a step of resnet18 with 128 images, none when they are kept, and the step takes
    0.85 of the time.
    """
    if (libc := _glibc()) is None:
        return False
    trim_threshold, mmap_threshold = -1, -3  # names of mallopt(3)
    return bool(libc.mallopt(mmap_threshold, 1 << 30) and libc.mallopt(trim_threshold, -1))


def return_memory() -> None:
    """Give the system the memory that a run has freed, with glibc only.

    Else the process would keep all of it until it ends, and small values that outlive a run would lie between freed
    buffers, so that the buffers of the next run might not fit in there and the heap would grow.
    """
    if libc := _glibc():
        libc.malloc_trim(0)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None

"""build: a C++ file of this folder as a library for this machine, compiled once and kept in the user's cache.

The sources are written in vectors of sixteen numbers, and the compiler makes one instruction of AVX-512, two of AVX2 or
four of SSE2 or NEON of each operation. Which of them is the level: by default all that this CPU has.

A library's name holds a digest of its source and the headers, the flags, and the compiler's predefined macros, which
tell its version and the CPU's instructions. Processes that build the same library at once each compile a file of their
own and rename it, so nobody ever loads half a library.
"""

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ablab.caches import named_cache, user_cache

FLAGS = ("-std=c++17", "-O3", "-fopenmp", "-fno-math-errno", "-ffp-contract=fast", "-shared", "-fPIC")
LEVELS = {  # by the names that $ABLAB_KERNELS_LEVEL may have
    "native": ("-march=native",),
    "avx2": ("-march=x86-64-v3",),
    "portable": (),  # what every CPU of this kind has: SSE2, or NEON on ARM
}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Library:
    """A compiled file of kernels, or the reason why there is none."""

    code: ctypes.CDLL | None
    digest: str = ""
    reason: str = ""


@functools.cache
def build(name: str) -> Library:
    """The library of `name`.cpp; without a compiler that can make it, one with no code."""
    compiler = next(filter(None, map(shutil.which, (os.environ.get("CXX", ""), "g++", "c++", "clang++"))), None)
    if compiler is None:
        return Library(None, reason="no C++ compiler was found")
    source, named = HERE / f"{name}.cpp", os.environ.get("ABLAB_KERNELS_LEVEL") or "native"
    if named not in LEVELS:
        return Library(None, reason=f"ABLAB_KERNELS_LEVEL is {named}, and the levels are {', '.join(LEVELS)}")
    flags = (*FLAGS, *LEVELS[named])
    try:
        digest = _digest(compiler, source, flags)
        target = cache_folder() / f"{name}-{digest}.so"
        if not target.exists():
            _compile(compiler, source, target, flags)
        return Library(ctypes.CDLL(str(target)), digest)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "no message").strip().splitlines()
        return Library(None, reason=f"{compiler} failed: {lines[0]}")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Library(None, reason=f"{compiler} built no library: {error}")


def cache_folder() -> Path:
    """Where compiled kernels are kept: $ABLAB_CACHE/kernels, or a folder of the user's cache."""
    return (named_cache() or user_cache()) / "kernels"


def _digest(compiler: str, source: Path, flags: tuple[str, ...]) -> str:
    macros = _run([compiler, *flags, "-dM", "-E", "-x", "c++", os.devnull])
    texts = [file.read_text(encoding="utf-8") for file in (source, *sorted(HERE.glob("*.h")))]
    return hashlib.sha256("\0".join((*texts, *flags, compiler, macros)).encode()).hexdigest()[:16]


def _compile(compiler: str, source: Path, target: Path, flags: tuple[str, ...]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / target.name
        _run([compiler, *flags, str(source), "-o", str(made)])
        made.replace(target)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    return done.stdout

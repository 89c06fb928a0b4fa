"""A program in a process of its own, and what became of it: its exit code, its words, whether it hung."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fault_suite.fault import HELD, Trial

LIMIT = 300.0  # seconds that a command may take
TESTS = Path(__file__).parent.parent
FINE = (0, 1, 2, 130, 143)  # exit codes that ablab promises: fine, failed, wrong input, Ctrl-C, SIGTERM
ABLAB = (sys.executable, "-c", "from ablab.cli import main; main()")


@dataclass(frozen=True)
class Ended:
    """How a process ended. The code is None where it hung and had to be killed, negative after a signal."""

    code: int | None
    out: str
    err: str
    seconds: float = 0.0
    left: int = 0  # of its processes, some seconds later


def surroundings(folder: Path, **changes: str) -> dict[str, str]:
    """An environment in which ablab touches nothing outside a folder."""
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"HOME": str(folder), "ABLAB_CACHE": str(folder / "cache"), "ABLAB_STORE": str(folder / "store")}
    threads = {"OMP_NUM_THREADS": "1", "GOMP_SPINCOUNT": "5000"}
    kept = {key: value for key, value in os.environ.items() if key not in ("ABLAB_DATA", "NO_COLOR")}
    return {**kept, **own, **threads, "PYTHONPATH": path, **changes}


def run(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str] | None = None,
    *,
    seconds: float = LIMIT,
    stdin: str = "",
) -> Ended:
    """Run a command in a folder to its end, or to the end of its time."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env or surroundings(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
    )
    try:
        out, err = process.communicate(stdin, timeout=seconds)
        return Ended(process.returncode, out, err)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return Ended(None, out, err, seconds)


def python(program: str, folder: Path, *arguments: object, seconds: float = LIMIT) -> Ended:
    """Run the text of a program in a Python of its own."""
    return run([sys.executable, "-c", program, *map(str, arguments)], folder, seconds=seconds)


def judged(ended: Ended, what: str, codes: Sequence[int] = FINE) -> Trial:
    """Whether a process ended as ablab promises: in time, with one of these exit codes and without a traceback."""
    last = (ended.err.strip() or ended.out.strip()).splitlines()[-1:]
    if ended.code is None:
        return Trial("hung", what)
    if "Traceback (most recent call last)" in ended.err or "Fatal Python error" in ended.err:
        return Trial("crashed", f"{what}: traceback, {last}")
    if ended.code not in codes:
        return Trial("crashed", f"{what}: exit code {ended.code}, {last}")
    return HELD

"""The benchmarks of speed, one after the other, within 12 minutes: on a machine with nothing else to do.

    python benchmarks/speed.py [--out FILE] [--busy]

It refuses to begin while other programs keep the cores busy; `--busy` goes on all the same, and then only the ratios of
what ran turn by turn mean anything. Each benchmark is given a share of the time and is ended at twice as much.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

HERE = Path(__file__).parent
STUDY = HERE.parent / "studies" / "fast" / "kernels.toml"
QUIET = 0.25  # of the cores may be busy before it begins
LOOK = 10.0  # seconds
FRESH = ("--store", f"{tempfile.gettempdir()}/ablab-speed-{os.getpid()}")  # else runs that are there would take no time


@dataclass(frozen=True)
class Part:
    """A benchmark, what it says, and the seconds that it should take on two cores."""

    question: str
    words: tuple[str, ...]
    seconds: int


def script(name: str, *words: str) -> tuple[str, ...]:
    return (str(HERE / name), *words)


PARTS = (
    Part("Against the textbook loop", script("train.py", "--model", "simple-nn", "--images", "20000"), 130),
    Part("Against the textbook loop", script("train.py", "--model", "cnn3-dense", "--repeats", "2"), 90),
    Part("How near to the machine's limits", script("roofline.py", "--rounds", "3"), 90),
    Part("Kernels for bf16, one thread", script("kernels.py", "--threads", "1", "--rounds", "2"), 70),
    Part("Beside other frameworks", script("peers.py", "--model", "simple-nn", "--repeats", "2"), 90),
    Part("fast94 against the public recipe", script("airbench.py", "--steps", "2", "--repeats", "2"), 80),
    Part("Accuracy with kernels and without", ("-m", "ablab", "run", str(STUDY), "--workers", "1", *FRESH), 150),
)


def is_quiet() -> bool:
    return psutil.cpu_percent(interval=LOOK) < 100 * QUIET


def carried_out(part: Part, out: TextIO) -> None:
    """Run one benchmark; what it prints goes to the screen and to the file."""
    print(f"\n## {part.question}: {' '.join(part.words)}", file=out, flush=True)
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, *part.words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * part.seconds,
            env={"GOMP_SPINCOUNT": "5000", **os.environ},
        )
        said = done.stdout
    except subprocess.TimeoutExpired as error:
        said = f"{(error.stdout or b'').decode()}\nended after {2 * part.seconds} s"
    for stream in {out, sys.stdout}:
        print(said.strip(), file=stream, flush=True)
    print(f"{part.question}: {time.monotonic() - begun:.0f} s, {part.seconds} s were meant", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("speed.txt"))
    parser.add_argument("--busy", action="store_true", help="begin whatever else runs")
    asked = parser.parse_args()
    if not asked.busy and not is_quiet():
        sys.exit(f"other programs keep more than {QUIET:.0%} of the cores busy: wait for them, or give --busy")
    with asked.out.open("w", encoding="utf-8") as out:
        for part in PARTS:
            carried_out(part, out)
    print(f"all of it is in {asked.out}")


if __name__ == "__main__":
    main()

"""Surroundings: languages, homes, time zones, clocks that jump, odd folders and closed streams change no result."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fault_suite.child import Ended, judged, surroundings
from fault_suite.fault import HELD, Fault, Trial
from fault_suite.kinds.kills import TRAIN, compared, outcome
from fault_suite.nursery import Nursery

LANGUAGES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
    {"LC_ALL": "tr_TR.UTF-8"},
    {"PYTHONIOENCODING": "ascii"},
]
HOMES = [{"HOME": ""}, {"HOME": "/nowhere"}, {"HOME": "/proc"}, {"TERM": ""}, {"TERM": "dumb", "COLUMNS": "40"}]
ZONES = [{"TZ": zone} for zone in ("Pacific/Kiritimati", "America/St_Johns", "nonsense", "")]
FOLDERS = ["with blanks", "umläute ß é", "中文", "'quoted' \"twice\"", "-dash", "emoji 🧪", "new\nline", "100%"]
CLOCK = """
import itertools, time
from ablab.cli import main
real, jumps = time.time, itertools.cycle([0, JUMP, -JUMP])
time.time = lambda: real() + next(jumps)
main()
"""
JUMPS = [3600, 86_400 * 366, 1]


def languages(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A training by the real command line in other surroundings: the same result as in the usual ones."""
    whole = outcome(nursery.run(TRAIN, folder / "whole"), folder / "whole" / "store")
    for at, changes in enumerate([*LANGUAGES, *HOMES, *ZONES][:number]):
        here = folder / str(at)
        here.mkdir()
        yield compared(command(TRAIN, here, **changes), here, whole, str(changes))


def command(words: list[str], here: Path, **changes: str) -> Ended:
    """The real command line, in a Python that starts in these surroundings."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ablab", *words],
        cwd=here,
        env=surroundings(here, **changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
    )
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


def folders(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Stores and working folders with names that are hard on shells, encodings and addresses."""
    whole = outcome(nursery.run(TRAIN, folder / "whole"), folder / "whole" / "store")
    for name in FOLDERS[:number]:
        here = folder / name
        trial = compared(nursery.run(TRAIN, here), here, whole, repr(name))
        yield trial if trial is not HELD else judged(nursery.run(["runs", "verify"], here), repr(name), [0])


def clocks(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """A clock that is set forward and back all the time: the same result, and no time below zero."""
    whole = outcome(nursery.run(TRAIN, folder / "whole"), folder / "whole" / "store")
    for jump in JUMPS[:number]:
        here = folder / str(jump)
        ended = nursery.run(TRAIN, here, program=CLOCK.replace("JUMP", str(jump)))
        trial = compared(ended, here, whole, f"jumps of {jump} s")
        yield Trial("silent", f"jumps of {jump} s: a time below zero") if '"seconds": -' in ended.out else trial


CLOSED = {
    "a reader that stops": "{ablab} runs ls | head -n 1 > /dev/null; exit ${PIPESTATUS[0]}",
    "no standard output": "{ablab} runs ls >&-",
    "no standard input": "{ablab} runs ls <&-",
    "no standard error": "{ablab} runs show zz 2>&-; test $? = 2",
    "a full device": "{ablab} runs ls > /dev/full; test $? -lt 3",
}


def streams(nursery: Nursery, folder: Path, number: int) -> Iterator[Trial]:
    """Streams that are closed, full, or read by somebody who stops."""
    nursery.run(TRAIN, folder)
    for name, line in list(CLOSED.items())[:number]:
        shell = ["bash", "-c", line.replace("{ablab}", f"{sys.executable} -m ablab")]
        process = subprocess.run(
            shell, cwd=folder, env=surroundings(folder), capture_output=True, text=True, timeout=120
        )
        yield judged(Ended(process.returncode, process.stdout, process.stderr), name, [0])


FAULTS = (
    Fault("languages, homes and time zones", 1, 13, languages, is_long=True),
    Fault("folders with odd names", 2, 8, folders, is_long=True),
    Fault("a clock that jumps", 1, 3, clocks),
    Fault("streams that are closed or full", 2, 5, streams),
)

"""Read mutations of one form in a process of its own, so that a crash, a hang or a full memory is seen from outside.

    python -m fault_suite.reader FORM FIRST LAST

Says the number of each mutation before it reads it, and then what came of it: `held`, or an outcome and why.
"""

import os
import random
import resource
import select
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from damage import changed
from fault_suite.child import surroundings
from fault_suite.fault import HELD, Outcome, Trial

MOST_SECONDS = 10.0  # for one file
MOST_KILOBYTES = 512 << 10  # above what reading the genuine file took
STARTING = 120.0


def read_all(name: str, first: int, last: int) -> None:
    """Be the process that reads."""
    from ablab.errors import AblabError
    from fault_suite.forms import FORMS
    from fault_suite.own_files import OWN

    form = next(form for form in (*FORMS, *OWN) if form.name == name)
    change = flipped if form in OWN else changed
    content = form.genuine()
    right = form.read(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for at in range(first, last):
        print(at, flush=True)
        try:
            found = form.read(change(content, random.Random(f"{name} {at}")))
            silent = form.has_digest and found != right
            print("silent: read as something else" if silent else "held", flush=True)
        except AblabError as error:
            text = str(error)
            print("held" if all(c.isprintable() or c == "\n" for c in text) else f"silent: {text!r}", flush=True)
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"crashed: {type(error).__name__}: {error} in {where.name}".replace("\n", " ")[:300], flush=True)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > MOST_KILOBYTES:
            print("crashed: more than 512 MB", flush=True)
            sys.exit(1)


def flipped(content: bytes, draw: random.Random) -> bytes:
    """One bit is another one."""
    changed = bytearray(content)
    changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def mutations(folder: Path, name: str, number: int, reader: str = "fault_suite.reader") -> Iterator[Trial]:
    """Files of a form, read one after the other; a process that ends or hangs is started behind where it was."""
    at = 0
    while at < number:
        for trial in _read(folder, [reader, name, str(at), str(number)]):
            yield trial
            at += 1


def _read(folder: Path, words: list[str]) -> Iterator[Trial]:
    command = [sys.executable, "-W", "ignore", "-m", *words]
    name, first, last = words[1], int(words[2]), int(words[3])
    with (folder / "reader.err").open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=surroundings(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        at, is_answered = first - 1, True
        for line in _lines(process):
            if line is None and is_answered and at == last - 1:
                return  # all are read, and Python takes its time to end
            if line is None:
                yield Trial("hung", f"{name}, file {at}: over {MOST_SECONDS:.0f} s")
                return
            is_answered = not line.isdigit()
            if is_answered:
                yield trial_of(line, f"{name}, file {at}")
            else:
                at = int(line)
        assert at >= first or not process.wait(), f"{name}: {(folder / 'reader.err').read_text()}"
        if process.wait() and not is_answered:
            yield Trial("crashed", f"{name}, file {at}: ended with {process.returncode}")
    finally:
        process.kill()
        process.communicate()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str | None]:
    """What the reader says, line by line; None when it is silent for too long."""
    assert process.stdout
    seconds, buffer = STARTING, b""
    while select.select([process.stdout], [], [], seconds)[0]:
        got = os.read(process.stdout.fileno(), 1 << 16)
        if not got:
            return
        *lines, buffer = (buffer + got).split(b"\n")
        yield from map(bytes.decode, lines)
        seconds = MOST_SECONDS
    yield None


def trial_of(line: str, what: str) -> Trial:
    outcome, _, why = line.partition(": ")
    kinds: dict[str, Outcome] = {"silent": "silent", "crashed": "crashed"}
    return Trial(kinds[outcome], f"{what}: {why}") if outcome in kinds else HELD


if __name__ == "__main__":
    read_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

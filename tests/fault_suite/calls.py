"""System calls of one act, as strace saw them: which there are, and the same act with a fault at one of them."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fault_suite.child import Ended
from fault_suite.nursery import Nursery

TRACED = (
    *("openat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "mkdir"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat"),
)
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")


@dataclass(frozen=True)
class Call:
    """One system call that has to do with the folder of a trial."""

    name: str
    number: int  # it was the so many-th of its name, counting those outside the folder as well
    arguments: str  # as strace writes them, texts decoded
    result: int
    paths: tuple[str, ...]
    content: bytes = b""  # what was written


def calls(nursery: Nursery, folder: Path, program: str) -> tuple[Ended, list[Call]]:
    """Run a program to its end; its system calls in its folder from where it called `begin()`."""
    log = nursery.folder / "strace.log"
    options = ["-o", str(log), "-y", "-xx", "-s", "10000000", "-e", f"trace={','.join(TRACED)}"]
    ended = nursery.run([str(folder)], folder, program=program, trace=options)
    seen: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        if match := CALL.match(line):
            name, arguments, result = match.groups()
            seen[name] += 1
            texts = [_text(one) for one in re.findall(r'[<"]((?:\\x[0-9a-f]{2})*)[>"]', arguments)]
            paths = tuple(text.decode(errors="replace") for text in texts if text.startswith(b"/"))
            if any(f"{path}/".startswith(f"{folder}/") for path in paths) and not paths[0].endswith(
                ("out.txt", "err.txt")
            ):
                content = texts[1] if name in ("write", "pwrite64") else b""
                plain = re.sub(r'[<"](?:\\x[0-9a-f]{2})*[>"]', "", arguments)
                found.append(Call(name, seen[name], plain, int(result), paths, content))
    return ended, found


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def with_fault(nursery: Nursery, folder: Path, program: str, call: Call, fault: str) -> Ended:
    """Run the program with a fault, such as `signal=KILL` or `error=EIO`, at one of its system calls."""
    inject = f"inject={call.name}:{fault}:when={call.number}"
    options = ["-o", "/dev/null", "-e", f"trace={call.name}", "-e", inject]
    return nursery.run([str(folder)], folder, program=program, trace=options)

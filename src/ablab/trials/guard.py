"""A command in a process group of its own, which ends when the process that asked for it is gone.

This file is run by its path, in a small interpreter that imports nothing of ablab's. It starts the command that it is
given and ends with its exit code. When its standard input ends, because the process at the other end says so or was
killed, the whole group is asked to end, and is killed after a while. A command that leaves processes running in its
group does not leave them to the machine.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

GRACE = 5.0  # seconds that the group has between being asked to end and being killed


def main(words: list[str]) -> int:
    """Run the command; gives its exit code, as a shell tells it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stay)
    try:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 (the user's own)
    except OSError as error:
        print(f"{words[0]}: cannot be started: {error.strerror}", file=sys.stderr)
        return 127
    is_over = threading.Event()
    threading.Thread(target=_end_with_asker, args=(child.pid, is_over), daemon=True).start()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # while it is not reaped, its number is nobody else's
    is_over.set()
    _tell(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _stay(_signal: int, _frame: FrameType | None) -> None:
    """It ends with the command, and never before it. Unlike a signal that is ignored, this is not handed down."""


def _end_with_asker(group: int, is_over: threading.Event) -> None:
    os.read(0, 1)  # nothing is ever written there
    _tell(group, signal.SIGTERM)
    if not is_over.wait(GRACE):
        _tell(group, signal.SIGKILL)


def _tell(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

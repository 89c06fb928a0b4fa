"""Messages: what the command line says where errors go, in lines that no terminal acts on, and by one process alone."""

import contextlib
import os
import shlex
import sys
from collections.abc import Callable

import click

from ablab.errors import printable

LONGEST = 10_000  # characters of a line of a message


def print_error(text: str, code: int, *, start: str = "error: ") -> int:
    """Print a message to where errors go; gives the exit code."""
    tell(lambda: click.echo(start + harmless(text), err=True))
    return code


def say_how_to_go_on(code: int) -> int:
    start = ["torchrun", "--nproc-per-node", os.environ["LOCAL_WORLD_SIZE"], "-m"] if is_torchrun() else []
    words = shlex.join([*start, "ablab", *sys.argv[1:]])
    return print_error(
        f"\nstopped; finished work is kept. To continue, run the same command:\nnext: {words}", code, start=""
    )


def tell(show: Callable[[], object]) -> None:
    if speaks():
        with contextlib.suppress(OSError):  # nobody listens
            show()


def harmless(text: str) -> str:
    """A message whose lines are not endless, and which no terminal acts on."""
    lines = (line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in text.split("\n"))
    return "\n".join(map(printable, lines))


def speaks() -> bool:
    """Whether this process tells how it ended: of several that train one run, only the first to end does."""
    if not is_torchrun():
        return True
    from ablab.train.torchrun import is_first_to_speak

    return is_first_to_speak()


def is_torchrun() -> bool:
    """Whether torchrun has started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("WORLD_SIZE") != "1"

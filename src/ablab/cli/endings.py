"""Endings: an error becomes a message and an exit code, and the process ends with it."""

import gc
import itertools
import os
import signal
import sys
import traceback
from typing import NoReturn

import click
from click.utils import PacifyFlushWrapper

from ablab.cli.messages import harmless, is_torchrun, print_error, say_how_to_go_on, speaks, tell
from ablab.cli.signals import INTERRUPTED, RECEIVED, TERMINATED
from ablab.errors import AblabError, Terminated


def ended(error: BaseException) -> int:
    """Say what went wrong; gives the exit code."""
    # A signal while a library is being imported may come out of it as an error of that library's.
    if isinstance(error, Terminated) or signal.SIGTERM in RECEIVED:
        return say_how_to_go_on(TERMINATED)
    if isinstance(error, SystemExit) and isinstance(sys.stdout, PacifyFlushWrapper):
        return 0  # the reader of a pipe may stop early, which click ends with 1
    if isinstance(error, SystemExit):
        if error.code:
            speaks()  # the command has said why, and the other processes of its run need not
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt | click.Abort) or signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        return say_how_to_go_on(INTERRUPTED)
    if isinstance(error, BrokenPipeError):  # the reader of a pipe may stop early
        return 0
    if isinstance(error, click.ClickException):
        hint = ""
        if isinstance(error, click.NoSuchOption) and (hint := _recipe_hint(error)):
            error.possibilities = []
        error.message = harmless(error.message)
        tell(error.show)
        if hint:
            print_error(hint, 2, start="")
        return 2
    if isinstance(error, AblabError):
        return print_error(str(error), error.exit_code)
    if os.environ.get("ABLAB_TRACEBACK"):
        traceback.print_exception(error)
        return 1
    if isinstance(error, OSError):
        return print_error(f"{error.filename or 'input or output failed'}: {error.strerror or error}", 1)
    if isinstance(error, MemoryError):
        return print_error("memory ran out; finished work is kept; run the same command again to continue", 1)
    kind = type(error).__name__
    return print_error(f"unexpected error: {kind}: {error}\nset ABLAB_TRACEBACK=1 to see where it happened", 1)


def _recipe_hint(error: click.NoSuchOption) -> str:
    """How to write an option that is a key of the recipe, for a command that takes a recipe."""
    takes_words = error.ctx and any(
        isinstance(one, click.Argument) and one.nargs < 0 for one in error.ctx.command.params
    )
    if not takes_words:
        return ""
    from ablab import aliases
    from ablab.catalogue import catalogue
    from ablab.recipe import Recipe

    key = error.option_name.lstrip("-").replace("-", "_")
    behind = [after for word, after in itertools.pairwise(sys.argv) if word == error.option_name and after[:1] != "-"]
    joined = [word.partition("=")[2] for word in sys.argv if word.startswith(f"{error.option_name}=")]
    value = next(iter([*joined, *behind]), "...")
    known = {*Recipe.model_fields, *(option for one in catalogue("models", "model").values() for option in one.options)}
    said = f"write {key}={value}" if key in known else aliases.hint(key, value)
    return f"hint: recipe keys have no dashes: {said}" if said else ""


def leave(code: int) -> NoReturn:
    """End with a code; 1 in place of 0 where what was printed could not be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries once more and complains
        if not isinstance(error, BrokenPipeError):
            code = code or print_error(f"the output could not be written: {error.strerror or error}", 1)
    if is_torchrun():
        from ablab.train.torchrun import leave

        leave(code)
    gc.freeze()  # else Python looks through every object of torch's before it ends, which takes 0.4 s
    sys.exit(code)

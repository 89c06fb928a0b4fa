"""The command line: parses, calls one function of the library, prints. A command is a file in this folder."""

import ast
import contextlib
import functools
import gc
import importlib
import itertools
import os
import shlex
import signal
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from click.utils import PacifyFlushWrapper

from ablab.errors import AblabError, InputError, Terminated, did_you_mean, printable
from ablab.installed import short_names
from ablab.version import VERSION

FOLDER = Path(__file__).parent
RECEIVED: set[int] = set()  # signals that end the process, even where an import has made another error of them
INTERRUPTED, TERMINATED = 130, 143  # the exit codes after Ctrl-C and SIGTERM
LONGEST = 10_000  # characters of a line of a message
SOON = 0.01  # seconds
HAS_TIMERS = hasattr(signal, "setitimer")  # Windows has none
GROUPS = {
    "Ask": "Ask a question",
    "Look": "Look at the answers",
    "Data": "Data",
    "Networks": "Networks and single trainings",
    "Tools": "Trained networks, reports of others, this machine",
}
OTHERS = "Tools"  # where a command stands that names no group


class Interrupted(KeyboardInterrupt):
    """A Ctrl-C, of a class of our own so that one can see whether it arrives."""


_on_its_way: list[weakref.ref[BaseException]] = []


class Commands(click.Group):
    """The files of this folder as commands; only the one that is asked for is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(summaries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in summaries():
            return _installed_command(cmd_name)
        module = importlib.import_module(f"ablab.cli.{cmd_name.replace('-', '_')}")
        _add_examples(module.command, getattr(module, "EXAMPLES", ()))
        return module.command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in summaries() and args[0] not in short_names("command", summaries()):
            raise click.UsageError(f'there is no command "{args[0]}": {did_you_mean(args[0], summaries())}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for group, title in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(sorted((name, it.text) for name, it in summaries().items() if it.group == group))
        if others := short_names("command", summaries()):
            with formatter.section("Of installed distributions"):
                formatter.write_dl([(name, f"{one.distribution} {one.version}") for name, one in others.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(VERSION, prog_name="ablab")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Does this change help this image classifier: by how much, how sure, at what cost?

    \b
    key=value  always means the recipe       (all keys: ablab recipe)
    --option   always means this call
    """
    if _is_torchrun() and ctx.invoked_subcommand not in (None, "train"):
        raise click.UsageError(
            f"torchrun starts processes that train one run together: ablab train. Type ablab {ctx.invoked_subcommand} "
            "without torchrun"
        )
    if ctx.invoked_subcommand is None:
        from ablab.cli.welcome import welcome

        click.echo(welcome())


def main() -> NoReturn:
    """The console script: runs the command and turns whatever went wrong into a message and an exit code."""
    _fill_streams()
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _unraisable
    # Threads of torch's that wait for each other keep a core busy meanwhile. Where other work wants that core, whom
    # they wait for is not running: an epoch took 18 s. Giving up early makes that 1.5 s, and 0.65 of 0.55 s otherwise.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        code = command.main(prog_name="ablab", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:
        _on_its_way.clear()
        code = _ended(error)
    _leave(code if isinstance(code, int) else 0)


def _ended(error: BaseException) -> int:
    """Say what went wrong; gives the exit code."""
    # A signal while a library is being imported may come out of it as an error of that library's.
    if isinstance(error, Terminated) or signal.SIGTERM in RECEIVED:
        return _say_how_to_go_on(TERMINATED)
    if isinstance(error, SystemExit) and isinstance(sys.stdout, PacifyFlushWrapper):
        return 0  # the reader of a pipe may stop early, which click ends with 1
    if isinstance(error, SystemExit):
        if error.code:
            _speaks()  # the command has said why, and the other processes of its run need not
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt | click.Abort) or signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        return _say_how_to_go_on(INTERRUPTED)
    if isinstance(error, BrokenPipeError):  # the reader of a pipe may stop early
        return 0
    if isinstance(error, click.ClickException):
        hint = ""
        if isinstance(error, click.NoSuchOption) and (hint := _recipe_hint(error)):
            error.possibilities = []
        error.message = _harmless(error.message)
        _tell(error.show)
        if hint:
            _say(hint, 2, start="")
        return 2
    if isinstance(error, AblabError):
        return _say(str(error), error.exit_code)
    if os.environ.get("ABLAB_TRACEBACK"):
        traceback.print_exception(error)
        return 1
    if isinstance(error, OSError):
        return _say(f"{error.filename or 'input or output failed'}: {error.strerror or error}", 1)
    if isinstance(error, MemoryError):
        return _say("memory ran out; what was finished is kept, and the same command goes on", 1)
    kind = type(error).__name__
    return _say(f"ablab did not foresee this: {kind}: {error}\nABLAB_TRACEBACK=1 shows where it happened", 1)


def _fill_streams() -> None:
    """Open what the caller has closed: the next file would get the number of a stream, and what is printed with it."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))


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
    return f"hint: keys of the recipe have no dashes: {said}" if said else ""


def _terminated(_signal: int, frame: FrameType | None) -> None:
    RECEIVED.add(signal.SIGTERM)
    _raise(Terminated, frame)


def _interrupted(_signal: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once, whatever it is doing
    _raise(Interrupted, frame)


def _raise(kind: type[BaseException], frame: FrameType | None) -> None:
    """Raise what ends the process as soon as no import is under way, and again if it is gone before `main` saw it.

    Libraries whose import is broken off in the middle may abort the process. And what is raised while Python is in a
    finalizer, or in code that a library calls from C, is dropped: the process would go on as if nobody had asked.
    """
    frames = list(_outward(frame))
    if HAS_TIMERS and any(one.f_code.co_filename == "<frozen importlib._bootstrap>" for one in frames):
        if any(map(_imports_torch, frames)) and not _is_torchrun():
            os._exit(_say_how_to_go_on(TERMINATED if kind is Terminated else INTERRUPTED))
        _raise_soon(kind)
        return
    del frames
    error = kind(TERMINATED)
    _on_its_way[:] = [weakref.ref(error, lambda _: _raise_soon(kind))]
    try:
        raise error
    finally:
        del error  # this frame is part of the error's traceback, and would keep it alive


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _imports_torch(frame: FrameType) -> bool:
    """Whether it is the body of torch, which takes seconds; before that there is nothing that could be lost."""
    return frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == "torch"


def _raise_soon(kind: type[BaseException]) -> None:
    if HAS_TIMERS:
        signal.signal(signal.SIGALRM, lambda _signal, frame: _raise(kind, frame))
        signal.setitimer(signal.ITIMER_REAL, SOON)


def _unraisable(dropped: "sys.UnraisableHookArgs") -> None:
    if not isinstance(dropped.exc_value, Interrupted | Terminated):
        sys.__unraisablehook__(dropped)


def _say_how_to_go_on(code: int) -> int:
    start = ["torchrun", "--nproc-per-node", os.environ["LOCAL_WORLD_SIZE"], "-m"] if _is_torchrun() else []
    words = shlex.join([*start, "ablab", *sys.argv[1:]])
    return _say(f"\nstopped. the same command goes on from what was kept:\nnext: {words}", code, start="")


def _say(text: str, code: int, *, start: str = "error: ") -> int:
    """Print a message to where errors go; gives the exit code."""
    _tell(lambda: click.echo(start + _harmless(text), err=True))
    return code


def _harmless(text: str) -> str:
    """A message whose lines are not endless, and which no terminal acts on."""
    lines = (line if len(line) <= LONGEST else f"{line[:LONGEST]}…" for line in text.split("\n"))
    return "\n".join(map(printable, lines))


def _tell(show: Callable[[], object]) -> None:
    if _speaks():
        with contextlib.suppress(OSError):  # nobody listens
            show()


def _is_torchrun() -> bool:
    """Whether torchrun has started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("WORLD_SIZE") != "1"


def _speaks() -> bool:
    """Whether this process tells how it ended: of several that train one run, only the first to end does."""
    if not _is_torchrun():
        return True
    from ablab.train.torchrun import is_first_to_speak

    return is_first_to_speak()


def _leave(code: int) -> NoReturn:
    """End with a code; 1 in place of 0 where what was printed could not be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else Python tries once more and complains
        if not isinstance(error, BrokenPipeError):
            code = code or _say(f"the output could not be written: {error.strerror or error}", 1)
    if _is_torchrun():
        from ablab.train.torchrun import leave

        leave(code)
    gc.freeze()  # else Python looks through every object of torch's before it ends, which takes 0.4 s
    sys.exit(code)


def _installed_command(name: str) -> click.Command | None:
    """A command that an installed distribution offers; it is imported only where it is asked for."""
    offer = short_names("command", summaries()).get(name)
    if offer is None:
        return None
    module, _, attribute = offer.target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{offer.full_name}: this command cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, click.Command):
        raise InputError(f"{offer.full_name}: {offer.target} is no command of click")
    return found


def _add_examples(command: click.Command, examples: Sequence[str]) -> None:
    """Let the help of a command, and of those below it, end with the examples that are calls of it."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            _add_examples(below, [each for each in examples if each.split()[2:3] == [name]])
    shown = "\n".join(f"  {example}" for example in examples)
    command.epilog = f"\b\nExamples:\n{shown}" if examples else None


@dataclass(frozen=True)
class Summary:
    """What a command does, and the group that it stands in."""

    text: str
    group: str


@functools.cache
def summaries() -> dict[str, Summary]:
    """Every file that defines a command: the first line of it, and its group. Nothing is imported."""
    found: dict[str, Summary] = {}
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            target.id: part.value.value
            for part in tree.body
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)
            for target in part.targets
            if isinstance(target, ast.Name)
        }
        is_command = any(isinstance(part, ast.FunctionDef) and part.name == "command" for part in tree.body)
        if is_command and path.stem != "__init__":
            text = (ast.get_docstring(tree) or "").partition("\n")[0]
            group = named.get("GROUP")
            found[path.stem.replace("_", "-")] = Summary(text, group if group in GROUPS else OTHERS)
    return found


__all__: list[Any] = ["command", "main"]

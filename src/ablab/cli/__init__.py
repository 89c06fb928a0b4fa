"""The command line: parses, calls one function of the library, prints. A command is a file in this folder."""

import ast
import functools
import importlib
import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from ablab.errors import AblabError, Terminated, did_you_mean
from ablab.version import VERSION

FOLDER = Path(__file__).parent
TERMINATED = 143  # the exit code after SIGTERM
NOT_COMMANDS = {"__init__", "shared", "trials"}


class Commands(click.Group):
    """The files of this folder as commands; only the one that is asked for is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_summaries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _summaries():
            return None
        return importlib.import_module(f"ablab.cli.{cmd_name.replace('-', '_')}").command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _summaries():
            raise click.UsageError(f'there is no command "{args[0]}": {did_you_mean(args[0], _summaries())}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_summaries().items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(VERSION, prog_name="ablab")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Does this change help this image classifier: by how much, how sure, at what cost?

    \b
    key=value  always means the recipe       (all keys: ablab recipe)
    --option   always means this call
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        click.echo("\nnext: ablab demo")


def main() -> NoReturn:
    """The console script: runs the command and turns what went wrong into a message and an exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, _interrupted)
    # Threads of torch's that wait for each other keep a core busy meanwhile. Where other work wants that core, whom
    # they wait for is not running: an epoch took 18 s. Giving up early makes that 1.5 s, and 0.65 of 0.55 s otherwise.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        code = command.main(prog_name="ablab", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except AblabError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say_how_to_go_on()
        _leave(130)
    except Terminated:
        _say_how_to_go_on()
        _leave(TERMINATED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of a pipe may stop early
        sys.exit(0)


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated(TERMINATED)


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once, whatever it is doing
    raise KeyboardInterrupt


def _say_how_to_go_on() -> None:
    click.echo("\nstopped. the same command goes on from what was kept:", err=True)
    click.echo(f"next: {shlex.join(['ablab', *sys.argv[1:]])}", err=True)


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.exit(code)


@functools.cache
def _summaries() -> dict[str, str]:
    """Every command with the first line of its file."""
    found: dict[str, str] = {}
    for path in FOLDER.glob("*.py"):
        if path.stem not in NOT_COMMANDS:
            name = path.stem.replace("_", "-")
            found[name] = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return found


__all__: list[Any] = ["command", "main"]

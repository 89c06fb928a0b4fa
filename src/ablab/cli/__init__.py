"""The command line: parses, calls one function of the library, prints. A command is a file in this folder."""

import ast
import functools
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from ablab.cli.endings import ended, leave
from ablab.cli.messages import is_torchrun
from ablab.cli.signals import arrive, listen
from ablab.errors import InputError, did_you_mean
from ablab.installed import short_names
from ablab.version import VERSION

FOLDER = Path(__file__).parent
GROUPS = {
    "Ask": "Ask a question",
    "Look": "Look at the answers",
    "Data": "Data",
    "Networks": "Networks and single trainings",
    "Tools": "Trained networks, others' reports, this machine",
}
MEANT = {  # words of other tools for a command
    **{name: f"runs {name}" for name in ("import", "ls", "diff", "rm", "tag", "gc")},
    "list": "runs ls",
    "tune": "search",
    "dash": "serve",
    "dashboard": "serve",
}
OTHERS = "Tools"  # where a command stands that names no group


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
            meant = f'did you mean "{MEANT[args[0]]}"?' if args[0] in MEANT else did_you_mean(args[0], summaries())
            raise click.UsageError(f'there is no command "{args[0]}": {meant}')
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
    key=value  sets a recipe key             (all keys: ablab recipe)
    --option   applies to this command only
    """
    if is_torchrun() and ctx.invoked_subcommand not in (None, "train"):
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
    listen()
    # Threads of torch's that wait for each other keep a core busy meanwhile. Where other work wants that core, whom
    # they wait for is not running: an epoch took 18 s. Giving up early makes that 1.5 s, and 0.65 of 0.55 s otherwise.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        code = command.main(prog_name="ablab", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:
        arrive()
        code = ended(error)
    leave(code if isinstance(code, int) else 0)


def _fill_streams() -> None:
    """Open what the caller has closed: the next file would get the number of a stream, and what is printed with it."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), "r" if name == "stdin" else "w"))


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
        raise InputError(f"{offer.full_name}: {offer.target} is not a click command")
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

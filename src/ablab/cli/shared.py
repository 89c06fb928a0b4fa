"""What all commands share: the options that mean the same everywhere, recipe words, and how a result is shown."""

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from ablab.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(function: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)


def data_root_option(function: Command) -> Command:
    return click.option(
        "--data-root", metavar="DIR", help="Look for data here first (then $ABLAB_DATA, ./data, the user's cache)."
    )(function)


def store_option(function: Command) -> Command:
    return click.option("--store", metavar="DIR", help="Where runs are kept (else $ABLAB_STORE, else .ablab).")(
        function
    )


def recipe_words(words: Iterable[str], *, first: str) -> dict[str, Any]:
    """Recipe keys from the words of a command line; one bare word, in front, is the value of `first`."""
    from ablab.grammar import assignments
    from ablab.recipe import typed

    texts: dict[str, str] = {}
    for position, word in enumerate(words):
        if position == 0 and "=" not in word.partition("(")[0]:
            texts[first] = word
            continue
        for key, value in assignments(word).items():
            if key in texts:
                raise InputError(f'"{key}" is given twice')
            texts[key] = value
    return typed(texts)


def say(as_json: bool, value: Any, text: str, next_command: str | None = None) -> None:
    """Print a result: as one JSON value, or as text with the command that a person would type next."""
    if as_json:
        click.echo(json.dumps(value, allow_nan=False, ensure_ascii=True))
        return
    click.echo(text)
    if next_command:
        click.echo(f"next: {next_command}")

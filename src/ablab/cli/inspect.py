"""Show a network layer by layer: shapes, parameters and MACs with their formulas; two side by side with --vs"""

import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import json_option
from ablab.errors import InputError, ModelError

if TYPE_CHECKING:
    from ablab.arithmetic import Table

FORMATS = ("table", "markdown", "latex", "csv", "json")


@click.command(help=__doc__)
@click.argument("words", nargs=-1, required=True, metavar="MODEL [key=value]...")
@click.option("--vs", "other", metavar="'MODEL [key=value]...'", help="A second network to put beside the first.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--batch", type=click.IntRange(1, 1 << 20), default=128, show_default=True, help="For the memory.")
@click.option("--in-shape", default="3x32x32", show_default=True, metavar="CxHxW", help="The size of a picture.")
@click.option("--classes", type=click.IntRange(1, 1 << 20), default=10, show_default=True)
@json_option
def command(
    words: tuple[str, ...], other: str | None, form: str, batch: int, in_shape: str, classes: int, as_json: bool
) -> None:
    shape = _shape(in_shape)
    first = _table(words, shape, classes, batch)
    form = "json" if as_json else form
    if other is None:
        click.echo(_alone(" ".join(words), first, form))
        following = f"ablab train {' '.join(words)}"
    else:
        second_words = tuple(_words(other))
        names = " ".join(words), " ".join(second_words)
        click.echo(_beside(names, first, _table(second_words, shape, classes, batch), form))
        following = f"ablab inspect {' '.join(second_words)}"
    if form == "table":
        click.echo(f"next: {following}")


def _table(words: tuple[str, ...], shape: tuple[int, int, int], classes: int, batch: int) -> "Table":
    """The network that some words name, inspected; made without weights where it can be."""
    import torch

    from ablab.arithmetic import inspect
    from ablab.grammar import assignments, value
    from ablab.models import Io, build

    name = words[0]
    if "=" in name:
        raise InputError(f'"{name}" stands where the name of a network is wanted: all names: ablab models')
    texts: dict[str, str] = {}
    for word in words[1:]:
        for key, text in assignments(word).items():
            if key in texts:
                raise InputError(f'"{key}" is given twice')
            texts[key] = text
    options: dict[str, Any] = {key: value(text) for key, text in texts.items()}
    io = Io(*shape, classes)
    try:
        with torch.device("meta"):
            net = build(name, io, **options)
    except ModelError:
        if ":" not in name:
            raise
        net = build(name, io, **options)  # a user's own constructor may look at numbers, which meta has not
    return inspect(net, shape, batch=batch)


def _alone(name: str, table: "Table", form: str) -> str:
    import json

    from ablab.arithmetic import table as shown

    if form == "json":
        return json.dumps({"name": name, **shown.as_dict(table)})
    if form == "csv":
        return shown.rows_as_csv([(name, table)])
    if form == "table":
        return shown.text(table, _width())
    return (shown.markdown if form == "markdown" else shown.latex)(table)


def _beside(names: tuple[str, str], one: "Table", other: "Table", form: str) -> str:
    import json

    from ablab.arithmetic import table as shown
    from ablab.arithmetic import versus

    if form == "json":
        return json.dumps(versus.side_by_side(names, one, other))
    if form == "csv":
        return shown.rows_as_csv([(names[0], one), (names[1], other)])
    if form == "table":
        return versus.text(names, one, other, _width())
    return (versus.markdown if form == "markdown" else versus.latex)(names, one, other)


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"--vs {text}: {error}") from None
    if not words:
        raise InputError("--vs is empty: name a network (all names: ablab models)")
    return words


def _shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,4})[x,](\d{1,4})[x,](\d{1,4})", text.strip())
    sizes = tuple(int(size) for size in match.groups()) if match else ()
    if not sizes or min(sizes) < 1:
        raise InputError(f"--in-shape {text}: channels, height and width are wanted, such as 3x32x32")
    return sizes[0], sizes[1], sizes[2]


def _width() -> int | None:
    """The width of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

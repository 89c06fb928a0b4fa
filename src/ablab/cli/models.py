"""List the networks with their parameters and MACs, or show the options of one"""

from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import json_option, outline, say
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.arithmetic import Network
    from ablab.catalogue import Entry
    from ablab.models import Io

GROUP = "Networks"
EXAMPLES = (
    "ablab models",
    "ablab models vgg6",
)

PLACES = ((3, 32, 32, 10), (3, 227, 227, 1000))  # CIFAR-10's, and ImageNet's where a network cannot take that


@click.command(help=__doc__)
@click.argument("model", required=False)
@json_option
def command(model: str | None, as_json: bool) -> None:
    from ablab.catalogue import catalogue, find
    from ablab.errors import ModelError
    from ablab.report import table as report
    from ablab.report.terminal.screen import facts_text, on_screen

    if model is not None:
        entry = find("models", "model", model, ModelError)
        table, io = _table(entry)
        options = facts_text((f"  {key}", _shown(value)) for key, value in entry.options.items())
        text = f"{entry.summary}\n{_size(table, io)}\noptions and their defaults\n{options}"
        say(as_json, _row(entry, table, io), text, f"ablab inspect {model}{_flags(io)}")
        return
    rows = [(entry, *_table(entry)) for entry in catalogue("models", "model").values()]
    lines = [
        (entry.name, f"{table.parameters:,}", _millions(table), entry.summary.partition(";")[0])
        for entry, table, _ in rows
    ]
    heads = ("", "parameters >", "MACs >", "at 3x32x32 and 10 classes, as it comes")
    text = on_screen(report.table("models", heads, lines))
    say(as_json, [_row(*row) for row in rows], text, "ablab models simple-nn")


def _table(entry: "Entry") -> "tuple[Network, Io]":
    """The network as it comes, inspected without weights, at the first size of picture that it takes."""
    from ablab.arithmetic import inspect
    from ablab.errors import ModelError
    from ablab.models import Io

    for place in PLACES:
        io = Io(*place)
        try:
            return inspect(outline(entry.name, io, {}), io.in_shape), io
        except ModelError as error:
            failed = error
    raise failed


def _row(entry: "Entry", table: "Network", io: "Io") -> dict[str, Any]:
    return {
        "name": entry.name,
        "what": entry.summary,
        "in_shape": io.in_shape,
        "classes": io.classes,
        "parameters": table.parameters,
        "macs": table.macs,
        "weighted_layers": table.weighted_layers,
        "options": entry.options,
    }


def _size(table: "Network", io: "Io") -> str:
    return (
        f"{table.parameters:,} parameters, {table.macs:,} MACs, {table.weighted_layers} weighted layers, "
        f"at {'x'.join(map(str, io.in_shape))} and {counted(io.classes, 'class', 'classes')}"
    )


def _flags(io: "Io") -> str:
    return "" if io == type(io)(*PLACES[0]) else f" --in-shape {'x'.join(map(str, io.in_shape))} --classes {io.classes}"


def _millions(table: "Network") -> str:
    return f"{table.macs / 1e6:.1f} M" if table.macs < 1e9 else f"{table.macs / 1e9:.2f} G"


def _shown(value: Any) -> str:
    from ablab.grammar import show

    return show(value)

"""Show a network layer by layer: shapes, parameters and MACs with their formulas; compare two with --vs"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.catalogue import is_own
from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import (
    classes_option,
    in_shape_option,
    json_option,
    network_words,
    outline,
    picture_size,
    say_next,
)
from ablab.errors import InputError
from ablab.report.table import formats

if TYPE_CHECKING:
    from ablab.arithmetic import Network
    from ablab.models import Io

GROUP = "Networks"
EXAMPLES = (
    "ablab inspect simple-nn",
    "ablab inspect simple-nn width=2 --vs norm=batch",
)

FORMATS = ("table", *sorted({*formats()} - {"text"}))


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, required=True, metavar="MODEL [key=value]...")
@click.option("--vs", "other", metavar="'MODEL [key=value]...'", help="Show this network beside the first.")
@click.option("--vs-in-shape", metavar="CxHxW", help="Set another image size for the second network.")
@click.option(
    "--vs-classes", type=click.IntRange(1, 1 << 20), help="Set another number of classes for the second network."
)
@click.option("--grow", "is_grown", is_flag=True, help="Show instead how its numbers grow with an option.")
@click.option(
    "--over", metavar="KEY=A,B,...", help="With --grow: give the option and its values, such as width=0.5,1,2."
)
@click.option("--measure/--no-measure", default=True, show_default=True, help="With --grow: time a training step.")
@click.option("--out", type=click.Path(path_type=Path), help="With --grow: write a plot to this .svg file.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option(
    "--batch",
    type=click.IntRange(1, 1 << 20),
    default=128,
    show_default=True,
    help="Count the memory for this many images per step.",
)
@in_shape_option
@classes_option
@json_option
def command(
    words: tuple[str, ...],
    other: str | None,
    vs_in_shape: str | None,
    vs_classes: int | None,
    is_grown: bool,
    over: str | None,
    measure: bool,
    out: Path | None,
    form: str,
    batch: int,
    in_shape: str,
    classes: int,
    as_json: bool,
) -> None:
    from ablab.models import Io

    io = Io(*picture_size(in_shape), classes)
    form = "json" if as_json else form
    if other is None and (vs_in_shape is not None or vs_classes is not None):
        raise InputError("--vs-in-shape and --vs-classes need a second network: add --vs NETWORK")
    if is_grown or over is not None or out is not None:
        if form not in ("table", "json") or other is not None:
            raise InputError("--grow cannot be combined with --vs, and its --format is table or json")
        if out is not None and out.suffix != ".svg":
            raise InputError(f"--out {out}: the name must end with .svg")
        click.echo(_grown(words, over, io, measure=measure, out=out, form=form))
        following = shlex.join(["ablab", "inspect", *words, *_flags(in_shape, classes)])
    elif other is None:
        click.echo(_alone(" ".join(words), _table(words, io, batch), form))
        following = shlex.join(["ablab", "train", *words])
    else:
        second_words = _words(other)
        names = " ".join(words), " ".join(second_words)
        second = vs_in_shape or in_shape, vs_classes or classes
        second_io = Io(*picture_size(second[0]), second[1])
        click.echo(_beside(names, _table(words, io, batch), _table(second_words, second_io, batch), form))
        following = shlex.join(["ablab", "inspect", *second_words, *_flags(*second)])
    if form == "table":
        say_next(following)


def _flags(in_shape: str, classes: int) -> list[str]:
    """The pictures and classes of a network, where they are not the usual ones."""
    return ["--in-shape", in_shape] * (in_shape != "3x32x32") + ["--classes", str(classes)] * (classes != 10)


def _table(words: Sequence[str], io: Io, batch: int) -> Network:
    """The network that some words name, inspected."""
    from ablab.arithmetic import inspect

    name, options = network_words(words)
    return inspect(outline(name, io, options), io.in_shape, batch=batch)


def _grown(words: Sequence[str], over: str | None, io: Io, *, measure: bool, out: Path | None, form: str) -> str:
    """How the network's numbers grow with one option, as text or JSON; the plot goes to `out`."""
    import dataclasses
    import json

    import torch

    from ablab.arithmetic.grow import BATCH, exponent, grow, size
    from ablab.atomic import atomic_write
    from ablab.grammar import show
    from ablab.models import build
    from ablab.report.growth import growth_table, plot
    from ablab.report.terminal.screen import on_screen

    name, options = network_words(words)
    key, values = _over(over)
    _check_over(name, key)
    points = grow(lambda value: build(name, io, **{**options, key: value}), values, io.in_shape, measure=measure)
    sizes = [size(point.value) for point in points]
    kinds = ("parameters", "macs", "seconds")
    exponents = {kind: exponent(sizes, [getattr(point, kind) for point in points]) for kind in kinds}
    if out is not None:
        atomic_write(out, plot(name, key, sizes, points))
    if form == "json":
        found = [dataclasses.asdict(point) for point in points]
        how = {"batch": BATCH, "threads": torch.get_num_threads()}
        return json.dumps({"name": name, "over": key, "points": found, "exponents": exponents, **how})
    lines = [on_screen(growth_table(key, [show(value) for value in values], points, exponents))]
    if measure:
        lines.append(f"step: training on {BATCH} images on the CPU, threads: {torch.get_num_threads()}")
        if left := [show(point.value) for point in points if point.seconds is None]:
            lines.append(f"not measured, too large: {key} = {', '.join(left)}")
    return "\n".join(lines)


def _check_over(name: str, key: str) -> None:
    """An option that the network lacks is named in the error, beside those that can grow."""
    from ablab.arithmetic.grow import sizing
    from ablab.catalogue import find
    from ablab.errors import ModelError

    if is_own(name):
        return
    known = find("models", "model", name, ModelError).options
    if key not in known:
        raise InputError(f'"{name}" has no option "{key}"; those that can grow: {", ".join(sizing(known))}')


def _over(text: str | None) -> tuple[str, list[Any]]:
    """`width=0.5,1,2` or `blocks=[1,1],[2,2]` as an option and its values."""
    from ablab.grammar import value

    key, is_given, values = (text or "").partition("=")
    if not is_given or not values.strip():
        raise InputError("--grow needs an option and its values: --over width=0.5,1,2")
    return key.strip(), [value(part.strip()) for part in re.split(r",(?![^\[]*\])", values)]


def _alone(name: str, network: Network, form: str) -> str:
    import json

    from ablab.report.network import as_dict, fitting, network_table, totals
    from ablab.report.table import write
    from ablab.report.terminal.screen import on_screen, screen_width

    if form == "json":
        return json.dumps({"name": name, **as_dict(network)})
    if form != "table":
        return write(network_table(network, name), form)
    # names that claim a number of layers count them in their own way: this is the true one
    layers = on_screen(fitting(network, screen_width()), folds=False)
    return "\n".join([f"{name}: {network.weighted_layers} weighted layers", "", layers, "", *totals(network)])


def _beside(names: tuple[str, str], one: Network, other: Network, form: str) -> str:
    import json

    from ablab.report.side_by_side import layers, side_by_side, summary
    from ablab.report.table import write
    from ablab.report.terminal.screen import on_screen, screen_width

    if form == "json":
        return json.dumps(side_by_side(names, one, other))
    if form == "csv":
        return write(layers(names, one, other), form)
    tables = layers(names, one, other, screen_width() if form == "table" else None), summary(names, one, other)
    return "\n\n".join(on_screen(made) if form == "table" else write(made, form) for made in tables)


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"--vs {text}: {error}") from None
    if not words:
        raise InputError("--vs is empty: name a network (all names: ablab models)")
    return words

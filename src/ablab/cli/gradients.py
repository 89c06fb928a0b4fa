"""Train a recipe and show the size of each layer's gradient after every epoch; compare two with --vs"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import data_root_option, json_option, recipe_of, say
from ablab.errors import Failed, InputError
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.probe.gradients import EpochNorms
    from ablab.recipe import Recipe
    from ablab.report.table import Table

GROUP = "Networks"
EXAMPLES = ("ablab gradients simple-nn data=cifar10 epochs=3 --vs norm=batch",)

COLUMNS = 6  # epochs at most that a table or a panel shows


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL] [key=value]...")
@click.option(
    "--vs", "changes", multiple=True, metavar="TEXT", help='Compare with this change, such as "shortcut=false".'
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Set the seed of every random choice."
)
@click.option(
    "--images", type=click.IntRange(1), default=512, show_default=True, help="Measure on this many training images."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture to this .svg file.")
@data_root_option
@json_option
def command(
    words: tuple[str, ...],
    changes: tuple[str, ...],
    seed: int,
    images: int,
    out: Path | None,
    data_root: str | None,
    as_json: bool,
) -> None:
    from ablab.atomic import atomic_write
    from ablab.report.terminal.screen import on_screen
    from ablab.report.wording import shown

    if out is not None and out.suffix != ".svg":
        raise InputError(f"--out {out}: the name must end with .svg")
    base = recipe_of(words)
    recipes = {" ".join(words) or base.model: base, **{text: base.with_(text) for text in changes}}
    found, notes = {}, {}
    for name, recipe in recipes.items():
        if not as_json:
            click.echo(f"{shown(name)}: trains for {counted(recipe.epochs, 'epoch')}")
        found[name], notes[name] = _measured(recipe, seed, images, data_root, is_quiet=as_json)
    if out:
        atomic_write(out, _picture(found))
    facts = {
        "seed": seed,
        "images": images,
        "networks": [_facts(name, recipes[name], seed, found[name], notes[name]) for name in recipes],
        "picture": str(out) if out else None,
    }
    text = "\n\n".join(on_screen(_table(name, norms)) for name, norms in found.items())
    text += (
        "\n\nnorm of the gradient of the mean cross-entropy with respect to the weights of each layer, over "
        f"{images} training images at most, without augmentation and dropout; epoch 0 is before training"
    )
    text += "".join(f"\n{shown(name)} ended early: {note}" for name, note in notes.items() if note)
    say(as_json, facts, text + (f"\npicture: {out}" if out else ""), _next(words, base, changes, seed))
    if any(notes.values()):
        raise SystemExit(1)


def _measured(
    recipe: Recipe, seed: int, images: int, root: str | None, *, is_quiet: bool
) -> tuple[list[EpochNorms], str]:
    """The norms at every epoch, and why there are no more of them if the training could not be carried through."""
    from ablab.prepare import prepared
    from ablab.probe.gradients import gradients

    splits = prepared(recipe, seed, root)[1]
    found: list[EpochNorms] = []
    try:
        for one in gradients(recipe, splits, seed, images=images):
            found.append(one)
            if one.row and not is_quiet:
                click.echo(
                    f"epoch {one.epoch}: train loss {one.row.train_loss:.4f}, validation "
                    f"{one.row.val_points:.2f} %, largest over smallest gradient {one.spread:.3g}"
                )
    except Failed as error:
        return found, str(error)
    return found, ""


def _table(name: str, found: Sequence[EpochNorms]) -> Table:
    """A row for each layer, a column for each of some epochs; the last row says how far the layers are apart."""
    from ablab.report.table import Head, table

    some = _some(found)
    heads = [Head(name), *(Head(f"epoch {one.epoch}", is_number=True) for one in some)]
    rows = [
        [layer.layer, *(f"{one.layers[at].gradient:.3g}" for one in some)] for at, layer in enumerate(some[0].layers)
    ]
    rows.append(["largest / smallest", *(f"{one.spread:.3g}" for one in some)])
    return table("gradients", heads, rows)


def _some(found: Sequence[EpochNorms]) -> list[EpochNorms]:
    """The first, the last, and evenly some between them."""
    last = len(found) - 1
    picked = {round(i * last / (COLUMNS - 1)) for i in range(COLUMNS)} if last >= COLUMNS else set(range(len(found)))
    return [found[i] for i in sorted(picked)]


def _picture(found: dict[str, list[EpochNorms]]) -> str:
    from ablab.report.chart import Axis, Line, Lines, Multiples
    from ablab.report.draw import svg
    from ablab.report.scale import reaching
    from ablab.report.wording import shown

    axis = reaching("norm", (layer.gradient for norms in found.values() for one in norms for layer in one.layers))
    panels = []
    for name, norms in found.items():
        some = _some(norms)
        lines = tuple(
            Line(
                f"epoch {one.epoch}",
                at,
                tuple((float(number), layer.gradient) for number, layer in enumerate(one.layers, start=1)),
                shade=0.85 * (1 - at / max(len(some) - 1, 1)),
            )
            for at, one in enumerate(some)
        )
        across = Axis("layer, from the input on", is_counted=True)
        title = f"gradient of each layer's weights: {shown(name)}"
        panels.append(Lines(name=name, title=title, heading=shown(name), x_axis=across, y_axis=axis, lines=lines))
    return svg.document(
        Multiples(name="gradients", title="gradient of each layer's weights", charts=tuple(panels), by="network")
    )


def _facts(name: str, recipe: Recipe, seed: int, found: Sequence[EpochNorms], note: str) -> dict[str, Any]:
    """All numbers of a network as JSON; what is not finite is null."""
    from dataclasses import asdict

    return {
        "name": name,
        "recipe": {"data": recipe.data, "model": recipe.model, **recipe.changes()},
        "seed": seed,
        "note": note,
        "epochs": [
            {
                "epoch": one.epoch,
                "spread": _finite(one.spread),
                "layers": [
                    {"layer": layer.layer, "gradient": _finite(layer.gradient), "weights": _finite(layer.weights)}
                    for layer in one.layers
                ],
                "curve": one.row and asdict(one.row),
            }
            for one in found
        ],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _next(words: Sequence[str], base: Recipe, changes: Sequence[str], seed: int) -> str:
    """With a shortcut to take away, that comparison; else the loss around the same network."""
    flags = ["--seed", str(seed)] if seed else []
    if not changes and base.full().get("shortcut") is True:
        return shlex.join(["ablab", "gradients", *words, "--vs", "shortcut=false", *flags])
    versus = [word for text in changes for word in ("--vs", text)]
    return shlex.join(["ablab", "landscape", *words, *versus, *flags])

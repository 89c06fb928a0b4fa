"""Show the loss around a network along random directions, and how rough it is; compare two with --vs"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import data_root_option, is_run, json_option, recipe_of, say, store_option
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.networks import Network
    from ablab.store import Store

GROUP = "Networks"
EXAMPLES = (
    "ablab landscape 3fa2b1",
    "ablab landscape simple-nn data=cifar10 --untrained",
)


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL|RUN] [key=value]...")
@click.option(
    "--vs",
    "changes",
    multiple=True,
    metavar="TEXT",
    help='Compare with this change, such as "shortcut=false", or with a RUN.',
)
@click.option(
    "--seed", type=click.IntRange(min=0), help="Set the seed of directions, images and training  [default: 0]"
)
@click.option("--untrained", is_flag=True, help="Use the initial weights; train nothing.")
@click.option(
    "--size", type=click.IntRange(1, 2), default=1, show_default=True, help="Draw lines alone, or a plane as well."
)
@click.option(
    "--steps",
    type=click.IntRange(5, 201),
    default=25,
    show_default=True,
    help="Evaluate this many points on a line (odd).",
)
@click.option(
    "--span",
    type=click.FloatRange(0, 100, min_open=True),
    default=1.0,
    show_default=True,
    help="Set the largest distance.",
)
@click.option(
    "--directions", type=click.IntRange(1, 100), default=5, show_default=True, help="Draw this many random directions."
)
@click.option(
    "--images", type=click.IntRange(1), default=2000, show_default=True, help="Measure on this many training images."
)
@click.option(
    "--hessian",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Use at most this many Hessian products (0: none).",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture to this .svg file.")
@data_root_option
@store_option
@json_option
def command(
    words: tuple[str, ...],
    changes: tuple[str, ...],
    seed: int | None,
    untrained: bool,
    size: int,
    steps: int,
    span: float,
    directions: int,
    images: int,
    hessian: int,
    out: Path | None,
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.atomic import atomic_write
    from ablab.networks import weighted
    from ablab.nouns import duration
    from ablab.probe.landscape import BATCH, drawn_batches, effort, landscape, placed
    from ablab.report.draw import svg
    from ablab.report.terminal.landscape import MEANINGS, landscape_value, landscapes_chart, landscapes_text
    from ablab.report.terminal.live import Live
    from ablab.report.wording import shown
    from ablab.store import Store, place

    if steps % 2 == 0:
        raise InputError(
            f"--steps {steps}: use an odd number, so that the network itself is the middle point; try --steps "
            f"{steps + 1}"
        )
    if out is not None and out.suffix != ".svg":
        raise InputError(f"--out {out}: the name must end with .svg")
    folder = place(store)
    kept = Store(folder, create=False) if (folder / "store.sqlite").exists() else None
    networks = _networks(words, changes, seed, kept)
    draws = networks[0].seed if seed is None else seed
    seen, facts = {}, []
    for network in networks:
        with Live() as live:
            observe = (lambda _spec, _event: None) if as_json else live.show
            it = weighted(network, kept, observe, root=data_root, is_untrained=untrained)
        net, pixels = placed(it.net, network.recipe, it.splits)
        batches = drawn_batches(it.splits, pixels, seed=draws, purpose="landscape/images", images=images, size=BATCH)
        losses, seconds = effort(net, batches, size=size, steps=steps, directions=directions)
        if not as_json:
            taken = f"{losses} losses of {sum(len(labels) for _, labels in batches):,} training images"
            click.echo(f"{shown(network.name)}: {shown(it.source)}; {taken}, about {duration(seconds)}")
        found = landscape(
            net, batches, draws, size=size, steps=steps, span=span, directions=directions, products=hessian
        )
        seen[shown(network.name)] = found
        facts.append({**network.to_dict(), "weights": it.source, **landscape_value(found)})
    if out:
        atomic_write(out, svg.document(landscapes_chart(seen)))
    value = {
        "seed": draws,
        "span": span,
        "steps": steps,
        "meanings": MEANINGS,
        "networks": facts,
        "picture": str(out) if out else None,
    }
    text = landscapes_text(seen, draws, span) + (f"\npicture: {out}" if out else "")
    say(as_json, value, text, _next(words, changes, networks[0], seed))


def _networks(words: Sequence[str], changes: Sequence[str], seed: int | None, kept: Store | None) -> list[Network]:
    """The network that the words name, and those that differ from it or are runs of their own."""
    from ablab.networks import Network, stored

    if words and is_run(words[0]):
        if len(words) > 1:
            raise InputError(
                f'a run already has a recipe; to compare a change to it, write --vs "{" ".join(words[1:])}"'
            )
        first = stored(words[0], kept)
    else:
        recipe = recipe_of(words)
        first = Network(" ".join(words) or recipe.model, recipe, seed or 0)
    others = [
        Network(text, first.recipe.with_(text), first.seed) if "=" in text else stored(text, kept) for text in changes
    ]
    return [first, *others]


def _next(words: Sequence[str], changes: Sequence[str], first: Network, seed: int | None) -> str:
    """With a shortcut to take away, that comparison; else the gradients of the same network."""
    if not changes and first.recipe.full().get("shortcut") is True:
        flags = ["--seed", str(seed)] if seed is not None else []
        return shlex.join(["ablab", "landscape", *words, "--vs", "shortcut=false", *flags])
    return shlex.join(["ablab", "gradients", *first.words, "--seed", str(first.seed)])

"""Show the loss around a network along random directions and how rough it is; two side by side with --vs"""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import data_root_option, json_option, recipe_words, say, store_option
from ablab.errors import DataError, InputError
from ablab.nouns import counted

if TYPE_CHECKING:
    from torch import nn

    from ablab.data.dataset import Dataset, Splits
    from ablab.probe.landscape import Batch, Landscape
    from ablab.recipe import Recipe
    from ablab.records import Run
    from ablab.store import Store

MEANINGS = {
    "rise": "how much higher the loss is at the ends of a line than in its middle",
    "non_convexity": "downward second differences over all second differences, in size: 0 is convex, 1 concave",
    "descent": "on the way outwards, what goes down over all that goes up and down: 0 rises all the way",
    "sharpness": "largest eigenvalue of the Hessian over all trained parameters; one is within +- so much",
}


@dataclass(frozen=True)
class Network:
    """A network to look at: a recipe with a seed, or a run of the store."""

    name: str
    recipe: Recipe
    seed: int
    run: Run | None = None


@click.command(help=__doc__)
@click.argument("words", nargs=-1, metavar="[MODEL|RUN] [key=value]...")
@click.option("--vs", "changes", multiple=True, metavar="TEXT", help='A change, such as "shortcut=false", or a RUN.')
@click.option("--seed", type=click.IntRange(min=0), help="Of directions, images and what is trained  [default: 0]")
@click.option("--untrained", is_flag=True, help="Look at the initial weights; train nothing.")
@click.option("--size", type=click.IntRange(1, 2), default=1, show_default=True, help="Lines, or a plane as well.")
@click.option("--steps", type=click.IntRange(5, 201), default=25, show_default=True, help="Places on a line; odd.")
@click.option("--span", type=click.FloatRange(0, 100, min_open=True), default=1.0, show_default=True, help="Farthest.")
@click.option("--directions", type=click.IntRange(1, 100), default=5, show_default=True, help="Random lines.")
@click.option("--images", type=click.IntRange(1), default=2000, show_default=True, help="Training images.")
@click.option("--hessian", type=click.IntRange(0, 1000), default=20, show_default=True, help="Most products; 0: none.")
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
    from ablab.probe.landscape import BATCH, drawn_batches, landscape, placed
    from ablab.store import Store, place

    if steps % 2 == 0:
        raise InputError(
            f"--steps {steps}: an odd number has the network itself in the middle; try --steps {steps + 1}"
        )
    if out is not None and out.suffix != ".svg":
        raise InputError(f"--out {out}: the name must end with .svg")
    folder = place(store)
    kept = Store(folder, create=False) if (folder / "store.sqlite").exists() else None
    networks = _networks(words, changes, seed, kept)
    draws = networks[0].seed if seed is None else seed
    found, sources = [], []
    for network in networks:
        dataset, splits = _data(network, data_root)
        net, source = _weighted(network, dataset, splits, kept, untrained=untrained, is_quiet=as_json)
        net, pixels = placed(net, network.recipe, splits)
        batches = drawn_batches(splits, pixels, seed=draws, purpose="landscape/images", images=images, size=BATCH)
        if not as_json:
            click.echo(f"{_shown(network.name)}: {source}; {_effort(net, batches, size, steps, directions)}")
        found.append(
            landscape(net, batches, draws, size=size, steps=steps, span=span, directions=directions, products=hessian)
        )
        sources.append(source)
    names = [_shown(network.name) for network in networks]
    if out:
        atomic_write(out, _picture(names, found, size))
    facts = {
        "seed": draws,
        "span": span,
        "steps": steps,
        "meanings": MEANINGS,
        "networks": [_facts(*one) for one in zip(networks, sources, found, strict=True)],
        "picture": str(out) if out else None,
    }
    say(as_json, facts, _text(names, found, draws, span, out), _next(words, changes, networks[0], seed))


def _networks(words: Sequence[str], changes: Sequence[str], seed: int | None, kept: Store | None) -> list[Network]:
    """The network that the words name, and those that differ from it or are runs of their own."""
    from ablab.recipe import Recipe

    if words and _is_run(words[0]):
        if len(words) > 1:
            raise InputError(f'a run has its recipe already; for a change of it write --vs "{" ".join(words[1:])}"')
        first = _stored(words[0], kept)
    else:
        recipe = Recipe.of(recipe_words(words, first="model"))
        first = Network(" ".join(words) or recipe.model, recipe, seed or 0)
    others = [
        Network(text, first.recipe.with_(text), first.seed) if "=" in text else _stored(text, kept) for text in changes
    ]
    return [first, *others]


def _is_run(word: str) -> bool:
    """The beginning of a run's id: hexadecimal digits that name no network."""
    from ablab.catalogue import catalogue

    return set(word) <= set("0123456789abcdef") and word not in catalogue("models", "model")


def _stored(start: str, kept: Store | None) -> Network:
    if kept is None:
        raise InputError(f'"{start}": there is no store here with this run in it; say where one is with --store')
    run = kept.run(start)
    return Network(f"run {run.id}", run.spec.recipe, run.spec.seed, run)


def _data(network: Network, root: str | None) -> tuple[Dataset, Splits]:
    """The data of a recipe, checked, and what the run with this seed trains on."""
    from ablab.prepare import prepared

    dataset, splits = prepared(network.recipe, network.seed, root)
    if network.run and network.run.spec.fingerprint != dataset.fingerprint:
        raise DataError(f"{network.recipe.data}: these are not the images that run {network.run.id} was trained on")
    return dataset, splits


def _weighted(
    network: Network, dataset: Dataset, splits: Splits, kept: Store | None, *, untrained: bool, is_quiet: bool
) -> tuple[nn.Module, str]:
    """The network with its weights, on the CPU, and where these are from: the store, or a training now."""
    from ablab.conduct import weights_path
    from ablab.events import Finished
    from ablab.models import Io
    from ablab.probe.landscape import read_weights
    from ablab.records import RunSpec
    from ablab.report.terminal.live import Live
    from ablab.report.wording import shown
    from ablab.train.loop import train
    from ablab.train.state import initial_network

    recipe, seed = network.recipe, network.seed
    spec = RunSpec(recipe, seed, dataset.fingerprint)
    path = weights_path(kept, spec.id) if kept else None
    if untrained or (path and path.exists()):
        net = initial_network(recipe, Io(*dataset.in_shape, len(dataset.classes)), seed)
        if untrained or path is None:
            return net, "initial weights, untrained"
        read_weights(path, net)
        return net, f"weights of run {spec.id}, from {shown(str(path))}"
    if network.run:
        again = shlex.join(["ablab", "landscape", *_recipe_words(recipe), "--seed", str(seed)])
        raise InputError(
            f"run {spec.id} ({network.run.status}) has no weights here: only a finished ablab train keeps them, a "
            f"study keeps none. To train the same network for this picture alone: {again}"
        )
    trained: nn.Module | None = None
    with Live() as live:
        for event in train(recipe, splits, seed):
            if not is_quiet:
                live.show(spec, event)
            if isinstance(event, Finished) and event.state:
                trained = event.state.net
    assert trained is not None  # a training that does not finish raises
    return trained, "trained now, not kept (ablab train would keep it)"


def _effort(net: nn.Module, batches: Sequence[Batch], size: int, steps: int, directions: int) -> str:
    """How many losses will be taken and about how long that takes, from one that is taken now."""
    from ablab.probe.landscape import in_use, surface
    from ablab.report.wording import duration

    images = sum(len(labels) for _, labels in batches)
    losses = steps * directions + (steps * steps if size == 2 else 0) + 1
    with in_use(net, batches[0][0].device):
        loss_at = surface(net, batches)
        loss_at({})
        begun = time.monotonic()
        loss_at({})
    about = duration(losses * (time.monotonic() - begun))
    return f"{losses} losses of {images:,} training images, about {about}"


def _text(names: Sequence[str], found: Sequence[Landscape], seed: int, span: float, out: Path | None) -> str:
    """The first line of each network as bars, then a table of the figures with their range over the directions."""
    from ablab.report.draw.text import bars as drawn
    from ablab.report.table import table
    from ablab.report.terminal.screen import on_screen

    many, steps = len(found[0].lines), len(found[0].places)
    bars = []
    for name, one in zip(names, found, strict=True):
        seen = [loss for loss in one.lines[0] if math.isfinite(loss)]
        if seen:
            bars += [f"{name}: loss from -{span:g} to {span:g} along the first direction", drawn(seen), ""]
    heads = ("network", "loss >", f"rise at {span:g} >", "non-convexity >", "descent >", "sharpness >")
    rows = [
        [
            name,
            f"{one.centre:.4f}",
            *(_range(values) for values in (one.rise, one.non_convexity, one.descent)),
            _sharp(one),
        ]
        for name, one in zip(names, found, strict=True)
    ]
    notes = [
        "",
        f"mean (smallest to largest) over {counted(many, 'random direction')} of seed {seed}, {steps} places "
        "each; at distance 1 every filter is moved by its own norm",
        *(f"{key.replace('_', '-')}: {meaning}" for key, meaning in MEANINGS.items()),
        "one network each: between seeds these figures differ, too, so compare several seeds before you conclude",
        *([f"picture: {out}"] if out else []),
    ]
    return "\n".join([*bars, on_screen(table("landscape", heads, rows)), *notes])


def _range(values: Sequence[float]) -> str:
    kept = [value for value in values if math.isfinite(value)]
    if not kept:
        return "no finite loss"
    return f"{sum(kept) / len(kept):.3g} ({min(kept):.3g} to {max(kept):.3g})"


def _sharp(one: Landscape) -> str:
    sharp = one.sharpness
    return f"{sharp.value:.4g} +- {sharp.within:.2g} ({sharp.images} images)" if sharp else "-"


def _facts(network: Network, source: str, one: Landscape) -> dict[str, Any]:
    """All numbers of a network as JSON; what is not finite is null."""
    sharp = one.sharpness
    return {
        "name": network.name,
        "recipe": {"data": network.recipe.data, "model": network.recipe.model, **network.recipe.changes()},
        "seed": network.seed,
        "run": network.run.id if network.run else None,
        "weights": source,
        "images": one.images,
        "loss": _finite(one.centre),
        "places": one.places,
        "lines": [[_finite(loss) for loss in line] for line in one.lines],
        "plane": [[_finite(loss) for loss in row] for row in one.plane],
        **{
            key: {"mean": _mean(values), "each": [_finite(value) for value in values]}
            for key, values in (("rise", one.rise), ("non_convexity", one.non_convexity), ("descent", one.descent))
        },
        "sharpness": sharp
        and {
            "value": _finite(sharp.value),
            "within": _finite(sharp.within),
            "products": sharp.products,
            "images": sharp.images,
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mean(values: Sequence[float]) -> float | None:
    kept = [value for value in values if math.isfinite(value)]
    return sum(kept) / len(kept) if kept else None


def _picture(names: Sequence[str], found: Sequence[Landscape], size: int) -> str:
    from ablab.report.chart import Axis, Line, Lines, Multiples, Surface
    from ablab.report.draw import svg
    from ablab.report.scale import reaching

    if size == 2:
        title = "loss on a plane of two filter-normalised directions"
        losses = [loss for one in found for row in one.plane for loss in row if math.isfinite(loss)]
        # colours go by powers: a loss at the rim is often a hundred times that in the middle
        low, high = min(losses, default=1.0), max(losses, default=2.0)
        colour = Axis("loss", span=(low, high if high > low else low + 1), is_log=low > 0)
        charts: list[Lines | Surface] = [
            Surface(
                name=name,
                title=f"{title}: {name}",
                heading=name,
                places=tuple(one.places),
                values=tuple(map(tuple, one.plane)),
                x_axis=Axis("first direction"),
                y_axis=Axis("second"),
                colour=colour,
            )
            for name, one in zip(names, found, strict=True)
        ]
    else:
        title = f"loss along {len(found[0].lines)} filter-normalised directions"
        y_axis = reaching("loss", (loss for one in found for line in one.lines for loss in line))
        charts = [
            Lines(
                name=name,
                title=f"{title}: {name}",
                heading=name,
                x_axis=Axis("distance"),
                y_axis=y_axis,
                lines=tuple(Line("", 0, tuple(zip(one.places, line, strict=True)), shade=0.3) for line in one.lines),
            )
            for name, one in zip(names, found, strict=True)
        ]
    return svg.document(Multiples(name="landscape", title=title, charts=tuple(charts), by="network"))


def _next(words: Sequence[str], changes: Sequence[str], first: Network, seed: int | None) -> str:
    """With a shortcut to take away, that comparison; else the gradients of the same network."""
    if not changes and first.recipe.full().get("shortcut") is True:
        flags = ["--seed", str(seed)] if seed is not None else []
        return shlex.join(["ablab", "landscape", *words, "--vs", "shortcut=false", *flags])
    return shlex.join(["ablab", "gradients", *_recipe_words(first.recipe), "--seed", str(first.seed)])


def _recipe_words(recipe: Recipe) -> list[str]:
    from ablab.grammar import show

    return [recipe.model, *(f"{key}={show(value)}" for key, value in recipe.changes().items() if key != "model")]


def _shown(text: str) -> str:
    from ablab.report.wording import shown

    return shown(text)

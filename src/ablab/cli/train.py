"""Train one recipe with one seed, measure it once on the test set, and keep the run"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import data_root_option, in_place, json_option, recipe_of, say, store_option, track_option

if TYPE_CHECKING:
    from ablab.recipe import Recipe

GROUP = "Networks"
EXAMPLES = (
    "ablab train simple-nn data=cifar10 epochs=5 norm=batch",
    "ablab train simple-nn data=cifar10 schedule=onecycle --show-schedule",
)


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL] [key=value]...")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Set the seed of every random choice."
)
@click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")
@click.option("--show-schedule", is_flag=True, help="Show the learning rate over the run; train nothing.")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="Write that curve to this file, as SVG."
)
@track_option
@data_root_option
@store_option
@json_option
def command(
    words: tuple[str, ...],
    seed: int,
    skip_unreadable: bool,
    show_schedule: bool,
    picture: Path | None,
    track: tuple[str, ...],
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:

    recipe = recipe_of(words)
    if show_schedule or picture:
        _show_schedule(recipe, words, picture, as_json)
        return
    from ablab.execute import Loader
    from ablab.train.torchrun import join

    team = join()
    if team.rank:
        from ablab.execute.alongside import train_alongside
        from ablab.store import place

        train_alongside(recipe, seed, Loader(data_root, skip_unreadable), team, place(store) / "weights")
        return
    options: dict[str, Any] = {"root": data_root, "skip_unreadable": skip_unreadable, "track": track, "team": team}
    _train(recipe, seed, store, as_json, options)


def _train(recipe: Recipe, seed: int, store: str | None, as_json: bool, options: dict[str, Any]) -> None:
    """Train and show it; a run that did not finish ends the command with 1."""
    from ablab.conduct import train_one
    from ablab.report.terminal.live import Live
    from ablab.store import opened

    kept = opened(store)
    with Live(as_json=as_json, command=in_place) as live:
        run, is_new = train_one(recipe, seed, kept, show=live.show, **options)
    live.finished(run, is_new, weights=kept.weights_of(run.id), data=kept.data(run.spec.fingerprint))
    if run.status != "finished":
        raise SystemExit(1)


def _show_schedule(recipe: Recipe, words: tuple[str, ...], picture: Path | None, as_json: bool) -> None:
    """The learning rate in fine steps; that of a plateau depends on losses, so it is shown as it begins."""
    from ablab.atomic import atomic_write
    from ablab.report.chart import Axis, Line, Lines
    from ablab.report.draw import svg
    from ablab.report.draw.text import bars
    from ablab.train.schedule import lr_at

    fine = 500
    rates = [lr_at(recipe.schedule, recipe.lr, i, fine, recipe.warmup / recipe.epochs * fine) for i in range(fine)]
    epochs = [recipe.epochs * i / fine for i in range(fine)]
    title = f"{recipe.schedule}, lr = {recipe.lr:g}" + (f", warmup = {recipe.warmup:g}" if recipe.warmup else "")
    if picture:
        line = Line("rate", 0, tuple(zip(epochs, rates, strict=True)))
        chart = Lines(name="schedule", title=title, x_axis=Axis("epoch"), y_axis=Axis("rate"), lines=(line,))
        atomic_write(picture, svg.document(chart))
    text = f"{title}: learning rate over {recipe.epochs} epochs\n{bars(rates, low=0.0)}"
    if recipe.schedule.startswith("plateau"):
        text += "\nthe rate falls when the validation loss stops falling, and nobody knows beforehand when that is"
    if picture:
        text += f"\npicture: {picture}"
    say(as_json, {"epochs": epochs, "rates": rates}, text, shlex.join(["ablab", "train", *words]))

"""Train one recipe with one seed, measure it once on the test set, keep the run"""

import click

from ablab.cli.shared import data_root_option, json_option, recipe_words, store_option


@click.command(help=__doc__)
@click.argument("words", nargs=-1, metavar="[MODEL] [key=value]...")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Decides every random choice.")
@click.option("--skip-unreadable", is_flag=True, help="Go on without pictures that cannot be read.")
@data_root_option
@store_option
@json_option
def command(
    words: tuple[str, ...], seed: int, skip_unreadable: bool, data_root: str | None, store: str | None, as_json: bool
) -> None:
    from ablab.conduct import train_one
    from ablab.recipe import Recipe
    from ablab.report.live import Live
    from ablab.store import Store, place

    recipe = Recipe.of(recipe_words(words, first="model"))
    with Live(as_json=as_json) as live:
        run, is_new = train_one(
            recipe, seed, Store(place(store)), root=data_root, show=live.show, skip_unreadable=skip_unreadable
        )
    live.finished(run, is_new)
    if run.status != "finished":
        raise SystemExit(1)

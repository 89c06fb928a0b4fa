"""Show all recipe keys, or the complete recipe that your arguments produce"""

import shlex

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import json_option, recipe_words, say

GROUP = "Networks"
EXAMPLES = (
    "ablab recipe",
    "ablab recipe simple-nn norm=batch lr=0.1",
)


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL] [key=value]...")
@json_option
def command(words: tuple[str, ...], as_json: bool) -> None:
    from ablab.recipe import Recipe, keys
    from ablab.report.table import table
    from ablab.report.terminal.screen import on_screen

    if not words:
        rows = keys()
        text = on_screen(table("keys", ("", "", ""), rows))
        say(
            as_json,
            [{"key": k, "default": d, "help": h} for k, d, h in rows],
            text,
            "ablab recipe simple-nn norm=batch",
        )
        return
    recipe = Recipe.of(recipe_words(words, first="model"))
    say(
        as_json,
        {"hash": recipe.hash, **recipe.full()},
        f"# recipe {recipe.hash}\n{recipe.toml()}",
        "ablab train " + shlex.join(words),
    )

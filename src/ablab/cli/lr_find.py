"""Find a learning rate: train briefly while the rate rises, until the loss rises, too"""

import shlex
from pathlib import Path

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import data_root_option, json_option, recipe_of, say

GROUP = "Networks"
EXAMPLES = ("ablab lr-find simple-nn data=cifar10",)


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL] [key=value]...")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Set the seed of every random choice."
)
@click.option("--steps", type=click.IntRange(10, 10_000), default=300, show_default=True, help="Try this many rates.")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="Write the curve to this file, as SVG."
)
@data_root_option
@json_option
def command(
    words: tuple[str, ...], seed: int, steps: int, picture: Path | None, data_root: str | None, as_json: bool
) -> None:
    from ablab.atomic import atomic_write
    from ablab.prepare import find_rate
    from ablab.report.chart import Axis, Line, Lines
    from ablab.report.draw import svg
    from ablab.report.draw.text import bars

    recipe = recipe_of(words)
    found = find_rate(recipe, seed, root=data_root, steps=steps)
    if picture:
        title = f"{recipe.model}, {recipe.optimizer}: loss while the learning rate rises"
        chart = Lines(
            name="rates",
            title=title,
            x_axis=Axis("learning rate", is_log=True),
            y_axis=Axis("loss"),
            lines=(Line("loss", 0, tuple(zip(found.rates, found.losses, strict=True))),),
            marked=found.suggestion,
        )
        atomic_write(picture, svg.document(chart))
    others = [word for word in words if not word.startswith("lr=")]
    if found.suggestion is None:
        said = (
            "no suggestion: the loss hardly fell at any rate; more steps (--steps), or another optimizer, may show more"
        )
        following = ["ablab", "lr-find", *others, "--steps", str(2 * steps)]
    else:
        said = f"suggestion: lr={found.suggestion:g}, some way below the rate with the lowest loss"
        following = ["ablab", "train", *others, f"lr={found.suggestion:g}"]
    text = "\n".join(
        [
            f"loss of {recipe.model} with {recipe.optimizer}, learning rate from {found.rates[0]:.0e} to "
            f"{found.rates[-1]:.2g} (each column the same factor):",
            bars(found.losses, columns=len(found.losses) if len(found.losses) <= 72 else 72),
            said,
            *([f"picture: {picture}"] if picture else []),
        ]
    )
    facts = {"rates": found.rates, "losses": found.losses, "suggestion": found.suggestion}
    say(as_json, facts, text, shlex.join(following))

"""Name the most probable classes of pictures, by the weights of a run or of several"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from ablab.cli.kinds import RunWord
from ablab.cli.shared import json_option, say, say_own_code, store_option

if TYPE_CHECKING:
    from ablab.predict import Prediction

GROUP = "Tools"
EXAMPLES = (
    "ablab predict 3fa2b1 cat.jpg",
    "ablab predict 3fa2b1 pictures/ --json",
)


@click.command(help=f"{__doc__}. A picture is a file, a folder, or - for standard input.")
@click.argument("run", type=RunWord())
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option(
    "--with", "others", multiple=True, metavar="RUN", help="Average with this run, too, and show how much they differ."
)
@click.option("--top", type=click.IntRange(1, 1000), default=5, show_default=True, help="Set how many classes to name.")
@click.option("--skip-unreadable", is_flag=True, help="Skip pictures that cannot be read.")
@store_option
@json_option
def command(
    run: str,
    pictures: tuple[str, ...],
    others: tuple[str, ...],
    top: int,
    skip_unreadable: bool,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.api import predict_pictures
    from ablab.store import Store, place

    kept = Store(place(store), create=False)
    runs = [kept.run(one) for one in (run, *others)]
    say_own_code(one.spec.recipe for one in runs)
    given = click.get_binary_stream("stdin").read() if "-" in pictures else b""
    predictions = predict_pictures(runs, pictures, top=top, skip_unreadable=skip_unreadable, given=given, store=kept)
    value = {"runs": [one.id for one in runs], "predictions": [dataclasses.asdict(one) for one in predictions]}
    text = "\n".join(_shown(one, len(runs)) for one in predictions)
    say(as_json, value, text, f"ablab runs show {runs[0].id}")


def _shown(prediction: Prediction, networks: int) -> str:
    """A picture and its classes, one a line."""
    from ablab.report.wording import shown

    first = prediction.guesses[0].name
    agree = f": {prediction.agreeing} of {networks} runs alone name {shown(first)} first" if networks > 1 else ""
    lines = [f"{shown(prediction.picture)}{agree}"]
    for guess in prediction.guesses:
        spread = "" if guess.spread is None else f"  (sd {100 * guess.spread:.1f})"
        lines.append(f"  {100 * guess.probability:5.1f} %  {shown(guess.name)}{spread}")
    return "\n".join(lines)

"""Compare a recipe with changes to it: write a study file, and run it"""

from pathlib import Path
from typing import Any

import click

from ablab.cli.kinds import RecipeWord
from ablab.cli.shared import (
    StudyWords,
    data_root_option,
    execution_options,
    json_option,
    recipe_words,
    reuse_option,
    store_option,
)

GROUP = "Ask"
EXAMPLES = ("ablab compare simple-nn data=cifar10 epochs=5 --vs norm=batch --vs augment=flip --seeds 3..6",)


@click.command(help=__doc__)
@click.argument("words", type=RecipeWord(), nargs=-1, metavar="[MODEL] [key=value]...")
@click.option(
    "--vs",
    "changes",
    multiple=True,
    required=True,
    metavar="TEXT",
    help='Compare with this change, such as "norm=batch".',
)
@click.option(
    "--seeds", default="3..10", show_default=True, help="Set how many seeds to start with and the most to use."
)
@click.option(
    "--margin",
    type=float,
    default=0.5,
    show_default=True,
    help="Set the smallest effect worth having, in percentage points.",
)
@click.option("--question", help="Set the question at the top of the report.")
@click.option("--study", type=click.Path(path_type=Path, dir_okay=False), help="Write the study file here.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the report here  [default: reports/NAME.html]")
@click.option("--dry-run", is_flag=True, help="Write the study file and show the plan; train nothing.")
@reuse_option
@execution_options
@data_root_option
@store_option
@json_option
def command(
    words: tuple[str, ...],
    changes: tuple[str, ...],
    seeds: str,
    margin: float,
    question: str | None,
    study: Path | None,
    out: Path | None,
    dry_run: bool,
    reuses: bool,
    execution: dict[str, Any],
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.cli.plan import show_plan
    from ablab.cli.run import carry_out
    from ablab.recipe import Recipe
    from ablab.study.question.files import write_study

    base = Recipe.of(recipe_words(words, first="model"))
    path = write_study(study, base, changes, seeds=seeds, margin=margin, question=question)
    if not as_json:
        click.echo(f"study: {path}")
    named = StudyWords(path, store=store, data_root=data_root)
    if dry_run:
        show_plan(named, as_json, reuses=reuses)
        return
    carry_out([named], out, as_json, execution=execution, reuses=reuses)

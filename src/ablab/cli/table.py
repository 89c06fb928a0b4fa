"""Print a table of a study for a paper: LaTeX, Markdown, CSV, JSON, HTML or text"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ablab.cli.shared import StudyWords, json_option, say, say_next, study_words
from ablab.cli.trials import looked_up
from ablab.report.section import table_names
from ablab.report.table import formats

GROUP = "Look"
EXAMPLES = (
    "ablab table quickstart --format latex",
    "ablab table quickstart --what runs --format csv > runs.csv",
)

KINDS = tuple(dict.fromkeys([*table_names(), *table_names("trial section")]))
NEEDS = {  # what a study must have for a table that not every study can have
    "summary": "only a study on several data sets has one",
    "contrasts": "only a study with a grid has one, once three pairs of runs have finished",
    "trials": "only a study with tuned learning rates has one",
    "published": "only a study with published figures has one",
    "classes": "it needs three pairs of finished runs and their predictions",
    "runs": "no run has finished yet",
    "machines": "no run has finished yet",
    "costs": "no run has finished yet",
}


@click.command(help=__doc__)
@study_words()
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(formats())),
    default="text",
    show_default=True,
    help="Choose the format; CSV and JSON give every number unrounded, in a separate column.",
)
@click.option("--what", type=click.Choice(KINDS), default="verdicts", show_default=True, help="Choose the table.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the table to this file.")
@json_option
def command(study: StudyWords, form: str, what: Any, out: Path | None, as_json: bool) -> None:
    from ablab.atomic import atomic_write, check_writable
    from ablab.errors import InputError
    from ablab.report.section import table_of, tables_of
    from ablab.report.table import write
    from ablab.report.writers.json import facts
    from ablab.trials.result import TrialResult

    results = looked_up(study)
    if isinstance(results[0], TrialResult) and what not in (known := table_names("trial section")):
        raise InputError(f"--what {what}: a study of a program has the tables {', '.join(known)}")
    named = [(result.study.name, table) for result in results for table in tables_of(result, what)]
    if out and len(named) > 1:
        raise InputError(
            f"--out {out}: this study has {len(named)} tables, one for each data set and metric; leave out --out"
        )
    if len({name for name, _ in named}) < len(results):
        raise InputError(
            f"{study.path}: no table of {what}: {NEEDS.get(what, 'it needs three pairs of finished runs')}"
        )
    texts = [write(table, form) for _, table in named]
    if out:
        check_writable(out)
        atomic_write(out, texts[0] + "\n")
    value = {
        "tables": [{"study": name, **facts(table)} for name, table in named],
        "out": str(out) if out else None,
    }
    others = (*KINDS[KINDS.index(what) + 1 :], *KINDS)
    following = study.command("table", "--what", next(name for name in others if table_of(results[0], name)))
    titled = [f"{name}\n{text}" for (name, _), text in zip(named, texts, strict=True)]
    shown = f"table: {out}" if out else "\n\n".join(titled if len(results) > 1 and form == "text" else texts)
    # a table that goes into a file by > or | must have no line in it that is no part of the table
    is_for_people = bool(out) or form == "text"
    say(as_json, value, shown, following if is_for_people else None)
    if not is_for_people and not as_json:
        say_next(following, err=True)

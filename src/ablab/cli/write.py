"""Print sentences about each verdict for a paper: text, Markdown, or LaTeX with BibTeX"""

from __future__ import annotations

from typing import Any

import click

from ablab.cli.shared import StudyWords, json_option, say, study_words
from ablab.cli.trials import looked_up

GROUP = "Look"
EXAMPLES = ("ablab write quickstart --format latex",)


@click.command(help=__doc__)
@study_words()
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "latex")),
    default="text",
    show_default=True,
    help="Choose the format; LaTeX adds ablab's BibTeX entry as a comment.",
)
@json_option
def command(study: StudyWords, form: Any, as_json: bool) -> None:
    from ablab.errors import InputError
    from ablab.report.statement import bibtex, statement, written
    from ablab.result import Result

    results = looked_up(study)
    if any(result.is_empty or (isinstance(result, Result) and result.plan.explores) for result in results):
        raise InputError(f"{study.path}: no run has finished yet: ablab run {study.path}")
    value = [
        {
            "study": result.study.name,
            "bibtex": bibtex(result),
            "statements": {verdict.name: statement(result, verdict) for verdict in result.decision.every},
        }
        for result in results
    ]
    text = "\n\n".join(written(result, form) for result in results)
    say(as_json, {"results": value}, text, study.command("report") if form == "text" else None)

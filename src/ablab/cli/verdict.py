"""Judge runs that another program trained: read its result files and give the verdicts of a study"""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import answered, exit_code_option, explain_option, json_option, leave
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.elsewhere.judge import Judged
    from ablab.elsewhere.scale import Unit
    from ablab.report.statement import Form

GROUP = "Ask"
EXAMPLES = (
    "ablab verdict results.csv",
    "ablab verdict results.csv --base plain --margin 1",
    "ablab verdict results.csv --metric val_loss --margin 0.05",
    "ablab verdict results.csv --write latex",
)
ASK = 'ablab init asked --command "python train.py --seed {seed} {args}"'  # a study of the program, margin first


@click.command(help=__doc__)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--base", metavar="NAME", help="Compare with this variant  [default: the one called base, or the first]")
@click.option("--variant", metavar="COLUMN", help="Read the variant from this column.")
@click.option("--seed", metavar="COLUMN", help="Read the seed from this column.")
@click.option("--metric", metavar="COLUMN", help="Read the result from this column.")
@click.option("--higher", "is_higher", is_flag=True, help="Count higher results as better  [default: by the column]")
@click.option("--lower", "is_lower", is_flag=True, help="Count lower results as better  [default: by the column]")
@click.option(
    "--unit",
    type=click.Choice(("share", "percent", "other")),
    help="Say how results are written: from 0 to 1 (share), from 0 to 100 (percent), or in another unit (other).",
)
@click.option(
    "--margin",
    type=float,
    help="Set the smallest effect worth having  [default: 0.5 percentage points, for accuracies and error rates only]",
)
@click.option(
    "--confidence", type=float, default=0.95, show_default=True, help="Set the confidence of all verdicts together."
)
@click.option(
    "--test-size", type=click.IntRange(min=1), metavar="N", help="Set how many images an accuracy was measured on."
)
@click.option(
    "--write",
    "form",
    type=click.Choice(("text", "markdown", "latex")),
    help="Print sentences to paste into a paper instead; LaTeX adds ablab's BibTeX entry as a comment.",
)
@explain_option
@exit_code_option
@json_option
def command(
    paths: tuple[Path, ...],
    base: str | None,
    is_higher: bool,
    is_lower: bool,
    unit: Unit | None,
    margin: float | None,
    confidence: float,
    test_size: int | None,
    form: Form | None,
    has_exit_code: bool,
    as_json: bool,
    **columns: str | None,
) -> None:
    from ablab.elsewhere.columns import table_of
    from ablab.elsewhere.files import records_of
    from ablab.elsewhere.judge import Rule, judge
    from ablab.elsewhere.scale import scale_of
    from ablab.report.explained import of_judged

    if is_higher and is_lower:
        raise InputError("--higher and --lower contradict each other: give one of them")
    if margin is not None and not 0 < margin < math.inf:
        raise InputError(f"--margin {margin:g}: give the smallest effect worth having, a number above 0")
    if not 0.5 < confidence < 1:
        raise InputError(f"--confidence {confidence:g}: give a share between 0.5 and 1, such as 0.95")
    table = table_of(records_of(paths), columns)
    scale = scale_of(table, "higher" if is_higher else "lower" if is_lower else None, unit)
    judged = judge(table, base, Rule(scale.margin(margin), confidence), scale, test_size)
    if form and not as_json:
        from ablab.report.elsewhere_statement import written

        click.echo(written(judged, form))
    else:
        answered(as_json, _value(judged), _text(judged), "", ASK, lambda: of_judged(judged))
    leave([one.word for one in judged.compared] if has_exit_code else ())


def _value(judged: Judged) -> dict[str, Any]:
    from ablab.report.elsewhere_statement import statement

    return {
        "base": judged.base,
        "metric": judged.metric.name,
        "better": judged.metric.direction,
        "unit": judged.metric.gap_unit,
        "margin": judged.rule.margin,
        "confidence": judged.rule.confidence,
        "verdicts": [{**asdict(one), "statement": statement(judged, one)} for one in judged.compared],
        "remarks": judged.remarks,
    }


def _text(judged: Judged) -> str:
    from ablab.report.elsewhere import verdicts
    from ablab.report.terminal.screen import on_screen

    lines = [on_screen(verdicts(judged)), "", *(one.sentence for one in judged.compared), ""]
    return "\n".join([*lines, *judged.remarks, "sentences for a paper: add --write text, markdown or latex"])

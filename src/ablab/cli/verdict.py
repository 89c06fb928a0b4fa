"""Judge runs that were trained elsewhere: the pairs, intervals and words of a study, from files of results"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.shared import answered, exit_code_option, explain_option, json_option, leave
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.elsewhere.judge import Judged

GROUP = "Ask"
EXAMPLES = (
    "ablab verdict results.csv",
    "ablab verdict results.csv --base plain --margin 1",
)


@click.command(help=__doc__)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--base", metavar="NAME", help="Compare with this variant  [default: the first]")
@click.option("--variant", metavar="COLUMN", help="Read the variant from this column.")
@click.option("--seed", metavar="COLUMN", help="Read the seed from this column.")
@click.option("--metric", metavar="COLUMN", help="Read the figure from this column.")
@click.option("--lower", is_flag=True, help="Say that lower figures are better, as for a loss.")
@click.option("--margin", type=float, default=0.5, show_default=True, help="Set the smallest effect worth having.")
@click.option(
    "--confidence", type=float, default=0.95, show_default=True, help="Set the confidence of all verdicts together."
)
@click.option(
    "--test-size", type=click.IntRange(min=1), metavar="N", help="Set how many images an accuracy was measured on."
)
@explain_option
@exit_code_option
@json_option
def command(
    paths: tuple[Path, ...],
    base: str | None,
    lower: bool,
    margin: float,
    confidence: float,
    test_size: int | None,
    has_exit_code: bool,
    as_json: bool,
    **columns: str | None,
) -> None:
    from ablab.elsewhere.columns import table_of
    from ablab.elsewhere.formats import records
    from ablab.elsewhere.judge import Rule, judge
    from ablab.report.explained import of_judged

    if not margin > 0:
        raise InputError(f"--margin {margin:g}: the smallest effect worth having is above 0")
    if not 0.5 < confidence < 1:
        raise InputError(f"--confidence {confidence:g}: a share between 0.5 and 1 is wanted, such as 0.95")
    table = table_of([row for path in paths for row in records(path)], columns)
    judged = judge(table, base, Rule(margin, confidence), "lower" if lower else "higher", test_size)
    value = {
        "base": judged.base,
        "metric": judged.metric.name,
        "unit": judged.metric.gap_unit,
        "margin": margin,
        "confidence": confidence,
        "verdicts": [asdict(one) for one in judged.compared],
        "remarks": judged.remarks,
    }
    answered(as_json, value, _text(judged), "", "ablab init mine", lambda: of_judged(judged))
    leave([one.word for one in judged.compared] if has_exit_code else ())


def _text(judged: Judged) -> str:
    from ablab.report.elsewhere import verdicts
    from ablab.report.terminal.screen import on_screen

    lines = [on_screen(verdicts(judged)), "", *(one.sentence for one in judged.compared), ""]
    return "\n".join([*lines, *judged.remarks])

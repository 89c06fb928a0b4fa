"""Check the hand-ins of a class: their plans, runs and verdicts, copying, and some runs by training them again"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.kinds import StudyWord
from ablab.cli.shared import data_root_option, json_option, say, scale_option
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.grading.grade import Grade
    from ablab.records import Observer

GROUP = "Tools"
EXAMPLES = (
    "ablab grade hand-ins",
    "ablab grade hand-ins --study assignment.toml --rerun 2",
    "ablab grade hand-ins --csv > grades.csv",
)


@click.command(help=f"{__doc__}. The exit code is 1 if something is wrong.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--study", type=StudyWord(), help="Check that every hand-in answers this study, the assignment.")
@click.option(
    "--rerun",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Train this many runs of each hand-in again, chosen at random.",
)
@click.option("--own-code", is_flag=True, help="Execute the Python files that hand-ins name.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@scale_option
@data_root_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    study: Path | None,
    rerun: int,
    own_code: bool,
    as_csv: bool,
    scale: str,
    data_root: str | None,
    as_json: bool,
) -> None:
    from ablab.execute import Loader
    from ablab.grading.grade import Rerun, grade
    from ablab.grading.hand_in import hand_ins
    from ablab.report.terminal.live import Live
    from ablab.study.question.files import read_studies

    if as_json and as_csv:
        raise click.UsageError("--json and --csv: choose one")
    assigned = read_studies(study, scale) if study else ()
    several = hand_ins(folder)
    with Live() as live:
        show: Observer = (lambda _spec, _event: None) if as_json or as_csv else live.show
        grades = grade(several, assigned, Rerun(rerun, Loader(data_root), show), own_code=own_code)
    _say(grades, as_csv, as_json, _next(folder, study, rerun))
    if any(one.mark == "wrong" for one in grades):
        ctx.exit(1)


def _say(grades: Sequence[Grade], as_csv: bool, as_json: bool, following: str) -> None:
    from ablab.report.grading import grade_table, grade_text
    from ablab.report.table import write
    from ablab.report.terminal.screen import on_screen

    found = grade_table(grades)
    if as_csv:
        click.echo(write(found, "csv"))
        return
    wrong, look = (sum(grade.mark == mark for grade in grades) for mark in ("wrong", "look"))
    sums = [f"{counted(wrong, 'has', 'have')} errors"] * bool(wrong) + [
        f"{counted(look, 'needs', 'need')} a look"
    ] * bool(look)
    total = f"{counted(len(grades), 'hand-in')} checked: {', '.join(sums) or 'no problems'}"
    text = "\n\n".join(filter(None, [on_screen(found, folds=False), grade_text(grades), total]))
    say(as_json, [_facts(grade) for grade in grades], text, following)


def _facts(grade: Grade) -> dict[str, Any]:
    return {
        "hand_in": grade.name,
        "mark": grade.mark,
        "plans": grade.plans,
        "runs": grade.runs,
        "verdicts": dict(grade.verdicts),
        "findings": [{"check": it.check, "mark": it.mark, "text": it.text} for it in grade.findings],
    }


def _next(folder: Path, study: Path | None, rerun: int) -> str:
    named = ["--study", str(study)] if study else []
    return shlex.join(["ablab", "grade", str(folder), *named, "--rerun", str(max(1, 2 * rerun))])

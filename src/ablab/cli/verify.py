"""Check somebody's report: train some of its runs again, and say whether they come out the same"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import data_root_option, json_option, say
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.verify import Check, HandedIn, ReportedRun

GROUP = "Tools"
EXAMPLES = (
    "ablab verify report.html",
    "ablab verify report.html --rerun 2",
)


@click.command(help=f"{__doc__}. The exit code is 1 if a run differs.")
@click.argument("report", type=click.Path(path_type=Path))
@click.option(
    "--rerun",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Train this many of its runs again, chosen at random; 0 only reads the report.",
)
@click.option("--run", "runs", multiple=True, metavar="ID", help="Train this run again (may be repeated).")
@click.option("--own-code", is_flag=True, help="Include runs whose network is a Python file; this executes the file.")
@click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")
@data_root_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    report: Path,
    rerun: int,
    runs: tuple[str, ...],
    own_code: bool,
    skip_unreadable: bool,
    data_root: str | None,
    as_json: bool,
) -> None:
    from ablab.execute import Loader
    from ablab.report.terminal.live import Live
    from ablab.verify import check, read

    handed_in = read(report)
    chosen = _chosen(report, handed_in, rerun, runs, own_code)
    load = Loader(data_root, skip_unreadable)
    checks = []
    for reported in chosen:
        if as_json:
            checks.append(check(reported, load, lambda _spec, _event: None))
            continue
        click.echo(f"training run {reported.spec.id} again: {_words(reported)}")
        with Live() as live:
            checks.append(check(reported, load, live.show))
    value = {"report": str(report), "runs": len(handed_in.runs), "checks": [_facts(one) for one in checks]}
    say(as_json, value, _text(handed_in, checks), _next(report, handed_in, checks))
    if any(one.word == "different" for one in checks):
        ctx.exit(1)


def _chosen(
    report: Path, handed_in: HandedIn, rerun: int, runs: tuple[str, ...], own_code: bool
) -> tuple[ReportedRun, ...]:
    """The runs that were named, else some of those that finished; nobody can know beforehand which."""
    import random

    from ablab.errors import InputError

    claims = handed_in.runs
    if runs:
        chosen = [reported for reported in claims if reported.spec.id.startswith(runs)]
        for start in runs:
            if not start or sum(reported.spec.id.startswith(start) for reported in chosen) != 1:
                known = ", ".join(reported.spec.id for reported in claims)
                raise InputError(f'{report}: no single run has an id that begins with "{start}"; it has {known}')
    else:
        finished = [reported for reported in claims if reported.accuracy is not None] or list(claims)
        if rerun and not finished:
            raise InputError(f"{report}: there is no run in this report")
        chosen = random.SystemRandom().sample(finished, min(rerun, len(finished)))
    for reported in chosen:
        if reported.own_code and not own_code:
            raise InputError(
                f"run {reported.spec.id}: its recipe executes Python files of its author, "
                f"{', '.join(reported.own_code)}: read them, and allow that they are executed with --own-code"
            )
    return tuple(chosen)


def _words(reported: ReportedRun) -> str:
    from ablab.report.wording import shown

    changes = reported.spec.recipe.changes()
    return shown(" ".join(f"{key}={value}" for key, value in changes.items())) + f" seed {reported.spec.seed}"


def _facts(one: Check) -> dict[str, Any]:
    return {
        "id": one.reported.spec.id,
        "seed": one.reported.spec.seed,
        "result": one.word,
        "why": one.why,
        "accuracy_there": one.reported.accuracy,
        "accuracy_here": one.run.test.accuracy if one.run.test else None,
    }


def _text(handed_in: HandedIn, checks: list[Check]) -> str:
    from ablab.report.wording import shown

    many = f"{counted(len(handed_in.runs), 'run')} in the report, {len(checks)} trained again"
    lines = [
        shown(f"run {one.reported.spec.id}, seed {one.reported.spec.seed}: {one.word}: {one.why}") for one in checks
    ]
    return "\n".join([many, *lines])


def _next(report: Path, handed_in: HandedIn, checks: list[Check]) -> str:
    import shlex

    from ablab.report.terminal.live import again

    for one in checks:
        if one.word == "different":
            return again(one.reported.spec)
    more = min(len(handed_in.runs), 2 * max(len(checks), 1))
    return shlex.join(["ablab", "verify", str(report), "--rerun", str(more)])

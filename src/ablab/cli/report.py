"""Write the report of a study: one self-contained HTML file"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.catalogue import catalogue
from ablab.cli.shared import StudyWords, answered, explain_option, json_option, say, study_words, to_write
from ablab.cli.trials import looked_up
from ablab.cli.trials import show_result as show_trials
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.result import Result
    from ablab.trials.result import TrialResult

GROUP = "Look"
EXAMPLES = (
    "ablab report quickstart --open",
    "ablab report --published B --out published",
)


@click.command(help=__doc__)
@study_words(required=False)
@click.option(
    "--published",
    metavar="LETTER",
    help="Write the replication of this published report as a folder: its claims, figures and tables.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the report to this path  [default: reports/NAME.html]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", *catalogue("report.paper", "paper")]),
    default="html",
    show_default=True,
    help="Choose the format; every format but html writes a folder of files.",
)
@click.option("--open", "open_it", is_flag=True, help="Open the report in the browser.")
@explain_option
@json_option
def command(
    study: StudyWords,
    published: str | None,
    out: Path | None,
    form: str,
    open_it: bool,
    as_json: bool,
) -> None:
    from ablab.trials.result import TrialResult

    if (study.path is None) == (published is None):
        raise InputError("which report? ablab report STUDY, or ablab report --published B --out FOLDER")
    if published:
        _write_published(published, study, out or Path("reports") / f"report-{published.lower()}", open_it, as_json)
        return

    results = looked_up(study)
    if out and len(results) > 1:
        raise InputError(f"--out {out}: this study has {len(results)} reports, one for each data set")
    for result in results:
        if form != "html":
            _write_paper(result, study, out or Path("reports") / result.study.name, form, as_json)
            continue
        show: Callable[..., Path] = show_trials if isinstance(result, TrialResult) else show_result
        path = show(result, study, out, as_json)
        if open_it:
            click.launch(str(path))
    if form == "html":
        show_across([result for result in results if not isinstance(result, TrialResult)], as_json)


def _write_paper(result: Result | TrialResult, words: StudyWords, folder: Path, form: str, as_json: bool) -> None:
    """What a paper or a homework needs, as files in a folder."""
    from ablab.report.paper import write_paper
    from ablab.result import Result

    paths = [str(path) for path in write_paper(result, folder, form)]
    text = "\n".join(f"{form}: {path}" for path in paths)
    following = words.command("show worst" if isinstance(result, Result) else "write")
    say(as_json, {"study": result.study.name, "files": paths}, text, following)


def _write_published(letter: str, words: StudyWords, folder: Path, open_it: bool, as_json: bool) -> None:
    """Everything that a published report has, made from our runs, as a folder."""
    from ablab.prepare import pictures_of
    from ablab.replication.evidence import evidence
    from ablab.replication.published_report import published_report
    from ablab.report.replication.folder import write_folder

    report = published_report(letter)
    repeated = evidence(words.open_store(), report.studies)
    paths = write_folder(report, repeated, folder, lambda result: pictures_of(result.plan, words.data_root))
    if open_it:
        click.launch(str(paths[0]))
    text = f"report {report.letter}: {paths[0]}\n{len(paths)} files in {folder}"
    value = {"report": report.letter, "files": [str(path) for path in paths]}
    say(as_json, value, text, words.command("run", "--published", report.letter, "--dry-run"))


def report_path(name: str, out: Path | None) -> Path:
    """Where a report goes; an error if it could not be written there."""
    from ablab.atomic import check_writable

    path = out or Path("reports") / f"{name}.html"
    check_writable(path)
    return path


def show_result(result: Result, words: StudyWords, out: Path | None, as_json: bool) -> Path:
    """Write the report, print the verdicts; gives the path of the report."""
    from ablab.atomic import atomic_write
    from ablab.prepare import pictures_of
    from ablab.report.explained import of_result
    from ablab.report.page import page
    from ablab.report.terminal.result import result_text

    path = report_path(result.study.name, out)
    atomic_write(path, page(result, pictures_of(result.plan, words.data_root)))
    value, following = {**result.to_dict(), "report": str(path)}, words.command("report", "--open")
    end = f"{'' if result.plan.explores else to_write(words)}\nreport: {path}"
    answered(as_json, value, f"\n{result_text(result)}", end, following, lambda: of_result(result))
    return path


def show_across(results: Sequence[Result], as_json: bool) -> None:
    """Print whether the changes of a study do the same on all of its data sets; nothing for one data set."""
    import dataclasses

    from ablab.study.across import across

    if not results:
        return
    found = across({result.study.base.data: result.verdicts for result in results}, results[0].study.rule.seeds)
    if found and as_json:
        click.echo(json.dumps({"across_data_sets": [dataclasses.asdict(one) for one in found]}, allow_nan=False))
    elif found:
        click.echo("\nacross data sets (secondary: these answers share a separate error budget)")
        click.echo("\n".join(f"  {one.sentence}" for one in found))

"""Run studies: train until every verdict is decided or the seeds run out"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import (
    StudyWords,
    execution_options,
    exit_code_option,
    explain_option,
    json_option,
    leave,
    reuse_option,
    say_code_of,
    say_next,
    studies_words,
)
from ablab.cli.trials import refuse, study_of_command
from ablab.cli.trials import show_plan as show_trials
from ablab.cli.trials import show_result as show_trials_result
from ablab.errors import AblabError, InputError

if TYPE_CHECKING:
    from ablab.result import Result
    from ablab.study import Study
    from ablab.trials.question import TrialStudy
    from ablab.trials.result import TrialResult

GROUP = "Ask"
EXAMPLES = (
    "ablab run quickstart",
    "ablab run mine.toml --workers 2 --out mine.html",
    "ablab run mine.toml --replicate",
    "ablab run --published B --dry-run",
)


@click.command(help=__doc__)
@studies_words
@click.option(
    "--published",
    is_flag=False,
    flag_value="all",
    metavar="[LETTER]",
    help="Run all studies of the published reports, or those of one.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the report to this path  [default: reports/NAME.html]"
)
@click.option("--new", "is_new", is_flag=True, help="Start a new study if the file has changed since its first run.")
@reuse_option
@click.option("--replicate", "replicates", is_flag=True, help="Ask the same question again with fresh runs.")
@click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Show the plan, its cost and the effect it can detect; train nothing.")
@execution_options
@explain_option
@exit_code_option
@json_option
def command(
    studies: list[StudyWords],
    words: StudyWords,
    published: str | None,
    out: Path | None,
    is_new: bool,
    reuses: bool,
    replicates: bool,
    skip_unreadable: bool,
    dry_run: bool,
    execution: dict[str, Any],
    has_exit_code: bool,
    as_json: bool,
) -> None:
    options: dict[str, Any] = {"is_new": is_new, "reuses": reuses, "replicates": replicates}
    options |= {"skip_unreadable": skip_unreadable, "execution": execution}
    if published:
        if studies or out or replicates:
            raise InputError("--published runs all of them: leave out the study, --out and --replicate")
        found = run_published(published, words, as_json, dry_run=dry_run, **options)
        leave(found if has_exit_code else ())
        return
    if not studies:
        raise InputError("which study? ablab run quickstart, ablab run STUDY.toml, or ablab run --published")
    programs = {study.path: asked for study in studies if (asked := study_of_command(study))}
    for asked in programs.values():
        if len(programs) == len(studies):
            refuse(asked, {"--skip-unreadable": skip_unreadable, "--data-root": words.data_root})
    if dry_run:
        from ablab.cli.plan import show_plan

        for study in studies:
            if known := programs.get(study.path):
                show_trials(known, study, as_json, reuses=reuses)
            else:
                show_plan(study, as_json, skip_unreadable=skip_unreadable, reuses=reuses)
        return
    found = carry_out(studies, out, as_json, **options)
    leave(found if has_exit_code else ())


def run_published(letter: str, words: StudyWords, as_json: bool, *, dry_run: bool, **options: Any) -> list[str]:
    """Carry out every study of a published report, or of all; one that cannot be is said and the others go on."""
    from ablab.replication.published_report import published_report
    from ablab.study.question.files import published_studies

    named = None if letter == "all" else published_report(letter).studies
    paths = [path for path in published_studies() if named is None or path.stem in named]
    if dry_run:
        _foresee(paths, words, as_json)
        if not as_json:
            say_next(words.command("run", "--published", *([letter] if named else [])))
        return []
    try:
        studies = [dataclasses.replace(words, path=path) for path in paths]
        return carry_out(studies, None, as_json, leaves_out=True, **options)
    finally:
        if not as_json:
            say_next("ablab serve" if letter == "all" else words.command("report", "--published", letter))


def _foresee(paths: Sequence[Path], words: StudyWords, as_json: bool) -> None:
    """A line for each study and data set: its runs, those that are there, and the hours that are left."""
    from ablab.nouns import duration
    from ablab.replication.evidence import evidence
    from ablab.replication.work import runs_of, work_of
    from ablab.store import place

    kept = words.open_store() if (place(words.store) / "store.sqlite").exists() else None
    hours = [0.0, 0.0]
    several = evidence(kept, {path.stem for path in paths})
    for repeated in several:
        work = work_of(repeated, words.scale, runs_of(several))
        facts = {
            "study": work.study.path,
            "data": repeated.data,
            "scale": work.study.scale,
            "question": work.study.question,
            "runs": [work.least, work.most],
            "there": work.there,
            "hours": work.hours,
        }
        left = "hours not known"
        if work.hours:
            hours = [so_far + more for so_far, more in zip(hours, work.hours, strict=True)]
            left = " to ".join(duration(3600 * each) for each in work.hours) + " left"
        data = f" on {repeated.data}" if len(work.study.datasets) > 1 else ""
        text = f"{work.study.path}{data}: {work.least} to {work.most} runs, {work.there} there, {left}"
        click.echo(json.dumps(facts) if as_json else f"{text}\n    {work.study.question}")
    if not as_json:
        click.echo(f"in all: {' to '.join(duration(3600 * each) for each in hours)}, one run after the other")


def carry_out(
    studies: Sequence[StudyWords],
    out: Path | None,
    as_json: bool,
    *,
    execution: Mapping[str, Any],
    leaves_out: bool = False,
    **options: Any,
) -> list[str]:
    """Train what studies want, show it as it goes, report each as it ends; gives the words of all verdicts.

    Studies on several data sets, and several studies, share the slots of one executor.
    """
    from ablab.cli.report import report_path
    from ablab.conduct import run_studies
    from ablab.report.terminal.live import Live
    from ablab.result import Result
    from ablab.study import Study
    from ablab.trials.result import TrialResult

    programs = {words.path: asked for words in studies if (asked := study_of_command(words))}
    parts: list[tuple[StudyWords, Study | TrialStudy]] = []
    for words in studies:
        known = programs.get(words.path)
        parts += [(words, part) for part in ([known] if known else words.parts())]
    _check_names([part.name for _, part in parts], out)
    say_code_of(part for _, part in parts if isinstance(part, Study))
    for _, part in parts:
        report_path(part.name, out)  # found now, and not after hours of training

    def page(result: Result | TrialResult) -> str:
        from ablab.outgoing import pages  # torch comes with it, and only trackers ask for a page

        return pages(studies[0].data_root)(result)

    results: dict[str, Result | TrialResult] = {}
    failed = 0
    with Live(as_json=as_json) as live:
        ended = run_studies(
            [part for _, part in parts],
            studies[0].open_store(create=True),
            root=studies[0].data_root,
            show=live.of_study if len(parts) == 1 else live.of_one_of_many,
            leaves_out=leaves_out,
            page=page,
            **options,
            **execution,
        )
        with closing(ended):
            for study, outcome in ended:
                live.bottom("")
                words = next(words for words, part in parts if part.name == study.name)
                if isinstance(outcome, AblabError):
                    failed += 1
                    click.echo(f"{words.path}: left out: {outcome}", err=True)
                    continue
                results[study.name] = outcome
                if isinstance(outcome, TrialResult):
                    show_trials_result(outcome, words, out, as_json)
                    continue
                of_file = {part.name for own, part in parts if own is words}
                own_results = {
                    name: one for name, one in results.items() if name in of_file and isinstance(one, Result)
                }
                _show(study.name, own_results, words, out, as_json)
    if failed:
        raise AblabError(f"{failed} of {len(parts)} studies were left out; see above")
    if len(parts) > 1 and not as_json and not leaves_out:
        _summarize(results)
    return [verdict.word for result in results.values() for verdict in result.decision.every]


def _summarize(results: Mapping[str, Result | TrialResult]) -> None:
    """The words of all studies, a line each."""
    for name, result in results.items():
        click.echo(f"{name}: {', '.join(f'{verdict.variant} {verdict.word}' for verdict in result.verdicts)}")
    say_next("ablab serve")


def _check_names(names: Sequence[str], out: Path | None) -> None:
    """Raise where two reports would be written to one place."""
    if out and len(names) > 1:
        raise InputError(f"--out {out}: there are {len(names)} reports, one for each study and data set")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f'two studies are called "{twice[0]}", and so would be their reports: rename one of the files')


def _show(name: str, results: dict[str, Result], words: StudyWords, out: Path | None, as_json: bool) -> None:
    """Report a study on one of its data sets; and once it has been run on all of them, what holds across them."""
    from ablab.cli.report import show_across, show_result
    from ablab.result import together

    beside = dict(zip(results, together(list(results.values())), strict=True))
    show_result(beside[name], words, out, as_json)
    if len(results) == len(words.parts()):
        show_across(list(results.values()), as_json)

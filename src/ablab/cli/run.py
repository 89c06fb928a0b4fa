"""Carry out a study: train what is still wanted, until every verdict stands"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ablab.cli.shared import (
    StudyWords,
    execution_options,
    exit_code_option,
    json_option,
    leave,
    reuse_option,
    say_next,
    study_words,
)
from ablab.cli.trials import carry_out as carry_out_trials
from ablab.cli.trials import refuse, study_of_command
from ablab.cli.trials import show_plan as show_trials
from ablab.errors import AblabError, InputError

GROUP = "Ask"
EXAMPLES = (
    "ablab run quickstart",
    "ablab run mine.toml --workers 2 --out mine.html",
    "ablab run mine.toml --replicate",
    "ablab run --published B --dry-run",
)


@click.command(help=__doc__)
@study_words(required=False)
@click.option(
    "--published",
    is_flag=False,
    flag_value="all",
    metavar="[LETTER]",
    help="Run all studies of published reports, or of one, one after the other.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the report here  [default: reports/NAME.html]")
@click.option("--new", "is_new", is_flag=True, help="Start a new study where the file has changed since its first run.")
@reuse_option
@click.option("--replicate", "replicates", is_flag=True, help="Ask the same question again with fresh runs.")
@click.option("--skip-unreadable", is_flag=True, help="Skip images that cannot be read.")
@click.option("--dry-run", is_flag=True, help="Show the plan, what it costs and what it can see; train nothing.")
@execution_options
@exit_code_option
@json_option
def command(
    study: StudyWords,
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
        if study.path or out or replicates:
            raise InputError("--published runs all of them: leave out the study, --out and --replicate")
        run_published(published, study, as_json, dry_run=dry_run, **options)
        return
    if study.path is None:
        raise InputError("which study? ablab run quickstart, ablab run STUDY.toml, or ablab run --published")
    if asked := study_of_command(study):
        refuse(asked, {"--replicate": replicates, "--skip-unreadable": skip_unreadable, "--data-root": study.data_root})
        refuse(asked, {f"--{key}": execution[key] for key in ("executor", "track")})
        if dry_run:
            show_trials(asked, study, as_json, reuses=reuses)
            return
        given = {"workers": execution["workers"], "is_new": is_new, "reuses": reuses}
        said = carry_out_trials(asked, study, out, as_json, **given)
        leave(said if has_exit_code else ())
        return
    if dry_run:
        from ablab.cli.plan import show_plan

        show_plan(study, as_json, skip_unreadable=skip_unreadable, reuses=reuses)
        return
    words = carry_out(study, out, as_json, **options)
    leave(words if has_exit_code else ())


def run_published(letter: str, words: StudyWords, as_json: bool, *, dry_run: bool, **options: Any) -> None:
    """Carry out every study of a published report, or of all; one that cannot be is said and the others go on."""
    from ablab.conduct import lock_all
    from ablab.replication.published_report import published_report
    from ablab.study.question.files import published_studies

    named = None if letter == "all" else published_report(letter).studies
    paths = [path for path in published_studies() if named is None or path.stem in named]
    if dry_run:
        _foresee(paths, words, as_json)
        if not as_json:
            say_next(words.command("run", "--published", *([letter] if named else [])))
        return
    studies = [part for path in paths for part in dataclasses.replace(words, path=path).parts()]
    lock_all(
        studies, words.open_store(create=True), root=words.data_root, is_new=options["is_new"], reuses=options["reuses"]
    )
    failed = []
    for path in paths:
        try:
            carry_out(dataclasses.replace(words, path=path), None, as_json, **options)
        except AblabError as error:
            failed.append(path)
            click.echo(f"{path}: left out: {error}", err=True)
    if not as_json:
        say_next("ablab serve" if letter == "all" else words.command("report", "--published", letter))
    if failed:
        raise AblabError(f"{len(failed)} of {len(paths)} studies were left out; see above")


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
    study: StudyWords,
    out: Path | None,
    as_json: bool,
    *,
    execution: Mapping[str, Any],
    is_new: bool = False,
    reuses: bool = False,
    replicates: bool = False,
    skip_unreadable: bool = False,
) -> list[str]:
    """Train what a study wants, show it as it goes, end with the verdicts and the report; gives the verdicts' words."""
    from ablab.cli.report import report_path, show_across, show_result
    from ablab.conduct import run_study
    from ablab.report.terminal.live import Live
    from ablab.result import together

    parts = study.parts()
    if out and len(parts) > 1:
        raise InputError(f"--out {out}: this study has {len(parts)} reports, one for each data set")
    for part in parts:
        report_path(part.name, out)  # found now, and not after hours of training
    results = []
    for part in parts:
        with Live(as_json=as_json) as live:
            result = run_study(
                part,
                study.open_store(create=True),
                root=study.data_root,
                show=live.of_study,
                skip_unreadable=skip_unreadable,
                is_new=is_new,
                reuses=reuses,
                replicates=replicates,
                **execution,
            )
        results.append(result)
        show_result(together(results)[-1], study, out, as_json)
    show_across(results, as_json)
    return [verdict.word for result in results for verdict in result.decision.every]

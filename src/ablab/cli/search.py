"""Search for good settings on validation images, and write a study that compares the best ones with fresh runs"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import (
    StudyWords,
    execution_options,
    exit_code_option,
    json_option,
    leave,
    say_code_of,
    say_next,
    study_words,
)
from ablab.cli.trials import refuse, study_of_command
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.records import DataFacts
    from ablab.study import Study
    from ablab.study.search import Outcome, Trial

GROUP = "Ask"
EXAMPLES = (
    "ablab search mine.toml",
    "ablab search mine.toml --out mine-searched.toml --verdict",
)


@click.command(help=__doc__)
@study_words()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the study that compares the best settings to this file.",
)
@click.option("--verdict", "has_verdict", is_flag=True, help="Run that study right away.")
@execution_options
@exit_code_option
@json_option
def command(
    study: StudyWords,
    out: Path | None,
    has_verdict: bool,
    execution: dict[str, Any],
    has_exit_code: bool,
    as_json: bool,
) -> None:
    if asked := study_of_command(study):
        refuse(asked, {"ablab search": True})
    parts = study.parts()
    if len(parts) > 1:
        raise InputError(f"{study.path}: a search uses one data set, and this study names {len(parts)}")
    (part,) = parts
    if has_exit_code and not has_verdict:
        raise InputError("--exit-code reports verdicts: add --verdict")
    path = _searched(part, study, out, execution, as_json)
    following = StudyWords(path, store=study.store, data_root=study.data_root)
    if not has_verdict:
        if not as_json:
            say_next(following.command("run"))
        return
    from ablab.cli.run import carry_out

    found = carry_out([following], None, as_json, execution=execution)
    leave(found if has_exit_code else ())


def _searched(part: Study, study: StudyWords, out: Path | None, execution: dict[str, Any], as_json: bool) -> Path:
    """Carry out the search, show each trial as it ends, and write the study that it leads to."""
    from ablab.searching import run_search, search_in
    from ablab.study.question.files import write_searched
    from ablab.study.question.search import words_of

    search = search_in(part)
    say_code_of([part])
    if not as_json:
        many = f"{search.trials} trials each for {', '.join(search.over)}"
        click.echo(f"{part.question}\nsearch: {words_of(search)}; {many}, judged on validation images only")

    def show(name: str, trial: Trial) -> None:
        value = _facts(name, trial, search.metric)
        click.echo(json.dumps(value, allow_nan=False) if as_json else _line(value, search.trials))

    store = study.open_store(create=True)
    outcome = run_search(part, search, store, show=show, root=study.data_root, **execution)
    text = outcome.text  # which needs a winner on each side
    path = out or Path(f"{part.name}-searched.toml")
    fingerprint = outcome.sides[0].best.run.spec.fingerprint
    _say_winners(outcome, store.data(fingerprint), path, as_json)
    return write_searched(path, text)


def _facts(name: str, trial: Trial, metric: str) -> dict[str, Any]:
    from ablab.metric import metric_of

    value = trial.value(metric)
    shown = None if value is None else metric_of(metric).show(value)
    return {
        "recipe": name,
        "trial": trial.number,
        "settings": dict(trial.settings),
        "run": trial.run.id,
        "value": value,
        "shown": shown,
        "pruned_after": len(trial.run.curve) if trial.is_pruned else None,
        "status": trial.run.status,
        "is_new": trial.is_new,
    }


def _line(facts: dict[str, Any], trials: int) -> str:
    from ablab.study.search import words

    ended = f"ended after epoch {facts['pruned_after']}" if facts["pruned_after"] else facts["status"]
    known = "" if facts["is_new"] else ", known"
    number = f"{facts['trial']:>{len(str(trials))}} of {trials}"
    return f"{facts['recipe']} {number}  {facts['shown'] or ended:<22} {words(facts['settings'])}{known}"


def _is_at_chance(trial: Trial, metric: str, data: DataFacts | None) -> bool:
    """Whether a trial has an accuracy that guessing may reach."""
    from ablab.metric import ACCURACY
    from ablab.study.chance import chance_level

    value, level = trial.value(metric), chance_level(data.labels if data else None)
    return metric == ACCURACY and value is not None and level is not None and 100 * value <= level


def _say_winners(outcome: Outcome, data: DataFacts | None, path: Path, as_json: bool) -> None:
    from ablab.study.search import words

    if as_json:
        winners = {side.name: _facts(side.name, side.best, outcome.search.metric) for side in outcome.sides}
        click.echo(json.dumps({"winners": winners, "trials": outcome.trials, "study": str(path)}, allow_nan=False))
        return
    for side in outcome.sides:
        best = _facts(side.name, side.best, outcome.search.metric)
        among = f"trial {best['trial']} was the best of {len(side.trials)}"
        click.echo(f"{side.name}: {among}, with {words(best['settings'])}: {best['shown']} on validation images")
    if guessing := [side.name for side in outcome.sides if _is_at_chance(side.best, outcome.search.metric, data)]:
        click.echo(
            f"caution: the best trial of {' and of '.join(guessing)} is no better than guessing, so the search "
            "found no settings that train: search other ranges, or train for more epochs"
        )
    if len(set(outcome.trials.values())) > 1:
        told = ", ".join(f"{name} {many}" for name, many in outcome.trials.items())
        click.echo(f"caution: the recipes did not have equally many trials ({told}), which favors those that had more")
    click.echo(f"study: {path}")

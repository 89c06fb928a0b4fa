"""Name the most probable classes of pictures, by the weights of a run, of several, or of all runs of a study"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablab.cli.kinds import RunWord
from ablab.cli.shared import StudyWords, is_run, json_option, say, say_own_code, scale_option, store_option
from ablab.errors import InputError, did_you_mean
from ablab.nouns import counted

if TYPE_CHECKING:
    from ablab.predict import Prediction
    from ablab.records import Run
    from ablab.store import Store

GROUP = "Tools"
EXAMPLES = (
    "ablab predict 3fa2b1 cat.jpg",
    "ablab predict 3fa2b1 pictures/ --json",
    'ablab predict studies/mine.toml cat.jpg --variant "batch norm"',
)


@dataclasses.dataclass(frozen=True)
class Ensemble:
    """Runs whose probabilities are averaged: one run, those that were named, or those of a recipe of a study."""

    name: str
    runs: tuple[Run, ...]
    without: int = 0  # runs of the recipe that did not finish, and so have no weights


@click.command(
    help=f"{__doc__}. PICTURE is a file, a folder, or - for standard input. A study, which keeps weights where its "
    'file says keep = "weights", gives one answer for each recipe: the mean over the seeds.'
)
@click.argument("source", type=RunWord(), metavar="RUN_OR_STUDY")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option(
    "--with",
    "others",
    multiple=True,
    metavar="RUN",
    help="Average with this run as well, and show how much the runs differ.",
)
@click.option(
    "--variant", "variants", multiple=True, metavar="NAME", help="Use only this recipe of the study, or base."
)
@click.option("--top", type=click.IntRange(1, 1000), default=5, show_default=True, help="Set how many classes to show.")
@click.option("--skip-unreadable", is_flag=True, help="Skip pictures that cannot be read.")
@scale_option
@store_option
@json_option
def command(
    source: str,
    pictures: tuple[str, ...],
    others: tuple[str, ...],
    variants: tuple[str, ...],
    top: int,
    skip_unreadable: bool,
    scale: str,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.api import predict_pictures

    words = StudyWords(Path(source), scale, store)
    kept = words.open_store()
    if is_run(source):
        if variants:
            raise InputError(f"--variant {variants[0]}: {source} is a run; only a study has variants")
        ensembles = [Ensemble("", tuple(kept.run(start) for start in (source, *others)))]
    else:
        if others:
            raise InputError(f"--with {others[0]}: a study names its runs itself; use --with with a run")
        ensembles = list(_of_study(words, variants))
        _check_weights(ensembles, words, kept, pictures)
    say_own_code(run.spec.recipe for ensemble in ensembles for run in ensemble.runs)
    given = click.get_binary_stream("stdin").read() if "-" in pictures else b""
    answers = [
        predict_pictures(one.runs, pictures, top=top, skip_unreadable=skip_unreadable, given=given, store=kept)
        for one in ensembles
    ]
    values = [_value(*each) for each in zip(ensembles, answers, strict=True)]
    text = "\n\n".join(_text(*each) for each in zip(ensembles, answers, strict=True))
    if is_run(source):
        say(as_json, values[0], text, f"ablab runs show {ensembles[0].runs[0].id}")
    else:
        named = [{"recipe": one.name, **value} for one, value in zip(ensembles, values, strict=True)]
        say(as_json, {"study": source, "recipes": named}, text, words.command("report"))


def _of_study(words: StudyWords, names: Sequence[str]) -> Iterator[Ensemble]:
    """The recipes of a study that were asked for, or all of them, each with its finished runs."""
    from ablab.result import look_up

    results = [look_up(part, words.open_store()) for part in words.parts()]
    known = [arm.name for arm in results[0].arms]
    if unknown := [name for name in names if name not in known]:
        raise InputError(f'--variant "{unknown[0]}": {did_you_mean(unknown[0], known)}')
    for result in results:
        for arm in result.arms:
            if names and arm.name not in names:
                continue
            finished = tuple(run for run in arm.runs if run.status == "finished")
            if not finished:
                raise InputError(f"{words.path}: {arm.name} has no finished run yet; name others with --variant")
            name = f"{arm.name} on {arm.recipe.data}" if len(results) > 1 else arm.name
            yield Ensemble(name, finished, len(arm.runs) - len(finished))


def _check_weights(ensembles: Sequence[Ensemble], words: StudyWords, store: Store, pictures: Sequence[str]) -> None:
    """Raise where a run has left no weights in the store: the study did not ask for them."""
    runs = [run for ensemble in ensembles for run in ensemble.runs]
    without = [run.id for run in runs if not store.weights_of(run.id).exists()]
    if without and words.path and words.path.is_file():  # nobody can add a line to a study that comes with ablab
        other = ["--store", str(store.folder.with_name(f"{store.folder.name}-weights"))]
        raise InputError(
            f"{words.path}: {len(without)} of {counted(len(runs), 'run')} have no weights in this store. A study keeps "
            'them only if its file says keep = "weights". Add that line above its first section, and run the study '
            "into another store, which gives the same runs with their weights:\n"
            f"    {words.command('run', *other)}\n"
            f"    {words.command('predict', *pictures, *other)}"
        )


def _value(ensemble: Ensemble, predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The answer as JSON has it."""
    runs = [run.id for run in ensemble.runs]
    return {"runs": runs, "predictions": [dataclasses.asdict(one) for one in predictions]}


def _text(ensemble: Ensemble, predictions: Sequence[Prediction]) -> str:
    """The pictures, below the name of the recipe where it has one."""
    from ablab.report.wording import shown

    several = len(ensemble.runs)
    left = f"; {counted(ensemble.without, 'run')} without weights" if ensemble.without else ""
    head = [f"{shown(ensemble.name)} ({counted(several, 'run')}{left})"] if ensemble.name else []
    return "\n".join([*head, *(_shown(one, several) for one in predictions)])


def _shown(prediction: Prediction, networks: int) -> str:
    """A picture and its classes, one a line."""
    from ablab.report.wording import shown

    first = prediction.guesses[0].name
    agree = f": {prediction.agreeing} of {networks} runs alone name {shown(first)} first" if networks > 1 else ""
    lines = [f"{shown(prediction.picture)}{agree}"]
    for guess in prediction.guesses:
        spread = "" if guess.spread is None else f"  (sd {100 * guess.spread:.1f})"
        lines.append(f"  {100 * guess.probability:5.1f} %  {shown(guess.name)}{spread}")
    return "\n".join(lines)

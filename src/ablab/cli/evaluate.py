"""Measure a trained network on other images: another data set, or corrupted test images"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablab.cli.kinds import RunWord
from ablab.cli.shared import data_root_option, json_option, say, say_own_code, store_option
from ablab.errors import InputError

if TYPE_CHECKING:
    from ablab.evaluation import Evaluation

GROUP = "Tools"
EXAMPLES = (
    "ablab evaluate 3fa2b1 --data cifar10 --corrupt all",
    "ablab evaluate --weights net.safetensors --model net.py:Net --data cifar10",
)


@click.command(help=f"{__doc__}. Without options, the run's own test images are measured again.")
@click.argument("run", type=RunWord(), required=False)
@click.option("--data", metavar="DATA", help="Use the test images of this data set  [default: the run's own]")
@click.option("--all", "is_whole", is_flag=True, help="Use all images of the data set, not only its test images.")
@click.option(
    "--corrupt",
    "corrupt",
    multiple=True,
    metavar="KIND[@STRENGTH]",
    help="Corrupt the images as well: all, or a kind such as fog or fog@3 (strength 1 to 5); may be repeated.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Use the weights in this safetensors file instead of a run's.",
)
@click.option(
    "--model", metavar="MODEL", help='Name the network of --weights, such as "net.py:Net" or "resnet18 width=2".'
)
@click.option(
    "--mean", metavar="NUMBERS", help="Give the channel means that --weights expect, on a scale of 0 to 255 or 0 to 1."
)
@click.option("--sd", metavar="NUMBERS", help="Give the channel standard deviations, on the same scale.")
@data_root_option
@store_option
@json_option
def command(
    run: str | None,
    data: str | None,
    is_whole: bool,
    corrupt: tuple[str, ...],
    weights: Path | None,
    model: str | None,
    mean: str | None,
    sd: str | None,
    data_root: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    from ablab.api import evaluate
    from ablab.report.evaluation import corruption_table, evaluation_value, mean_error, sentence
    from ablab.report.terminal.screen import on_screen
    from ablab.store import opened

    kept = None
    if run is not None and weights is None:
        kept = opened(store, create=False).run(run)
        say_own_code([kept.spec.recipe])
    elif model is not None:
        say_own_code([], *model.split()[:1])
    found = evaluate(
        kept or run,
        data=data,
        corrupt=corrupt,
        is_whole=is_whole,
        weights=weights,
        model=model,
        mean=_numbers("--mean", mean),
        sd=_numbers("--sd", sd),
        store=store,
        root=data_root,
        show=None if as_json else _progress,
    )
    value = {
        "run": run,
        "weights": str(weights) if weights else None,
        "evaluations": [evaluation_value(one) for one in found],
        "mean_corruption_error": mean_error(found) if corrupt else None,
    }
    lines = [sentence(found[0]), *(["", on_screen(corruption_table(found))] if corrupt else [])]
    say(as_json, value, "\n".join(lines), _next(run, data, corrupt))


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    """Numbers with commas between them, as pixels from 0 to 255; those of pixels from 0 to 1 are at most 1."""
    if text is None:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{option} {text}: give one number for each channel, with commas between them") from None
    return tuple(255 * one for one in numbers) if max(numbers) <= 1 else numbers


def _progress(evaluation: Evaluation) -> None:
    """Say on a terminal which corruption is done."""
    if evaluation.corruption and sys.stderr.isatty():
        error = 100 * (1 - evaluation.measurement.accuracy)
        click.echo(f"{evaluation.corruption}: error {error:.2f} %", err=True)


def _next(run: str | None, data: str | None, corrupt: tuple[str, ...]) -> str:
    if run is None:
        return "ablab models"
    if corrupt:
        return f"ablab runs show {run}"
    return shlex.join(["ablab", "evaluate", run, *(["--data", data] if data else []), "--corrupt", "fog@3"])

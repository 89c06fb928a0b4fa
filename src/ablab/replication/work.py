"""What repeating a study takes: its runs, those that are there, and the hours of those that are not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablab.execute.run_one import macs
from ablab.models import Io
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.replication.evidence import Repeated
from ablab.replication.facts import CIFAR
from ablab.study import Study

IMAGES = 45_000  # of CIFAR to train on, where a recipe does not say
SPEED = 1e11  # multiply-adds a second, which a core or two reach where no run says better
PASSES = 3  # forward, and twice as much back


@dataclass(frozen=True)
class Work:
    """Of one study at one size."""

    study: Study
    least: int  # runs until the first verdicts
    most: int
    there: int
    hours: tuple[float, float] | None  # of what is not there; None for a network that nobody can count


def runs_of(several: Iterable[Repeated]) -> tuple[Run, ...]:
    """All runs of some studies; a run of one may be wanted by another."""
    return tuple({run.id: run for each in several for result in each.results for run in result.runs}.values())


def work_of(repeated: Repeated, scale: str, known: Sequence[Run]) -> Work:
    """The runs of a study at a size, and how long those take that are not there, one after the other."""
    study = next(study for study in repeated.studies if study.scale == scale)
    there = {(run.spec.recipe.hash, run.spec.seed) for run in known}
    seconds = {recipe.hash: seconds_of(recipe, known) for recipe in study.recipes}
    least, most = (
        [(recipe.hash, seed) for recipe in study.recipes for seed in range(seeds)] for seeds in study.rule.seeds
    )
    hours = [_hours([seconds[run[0]] for run in wanted if run not in there]) for wanted in (least, most)]
    both = None if hours[0] is None or hours[1] is None else (hours[0], hours[1])
    return Work(study, len(least), len(most), len(there & {*most}), both)


def _hours(seconds: Sequence[float | None]) -> float | None:
    return None if None in seconds else sum(each or 0.0 for each in seconds) / 3600


def seconds_of(recipe: Recipe, known: Iterable[Run]) -> float | None:
    """How long a run of a recipe takes: as runs of it did, else by its operations at the speed of related runs."""
    runs = [run for run in known if run.test]
    if own := [run.cost.seconds for run in runs if run.spec.recipe.hash == recipe.hash]:
        return statistics.median(own)
    count = macs(recipe, Io(*CIFAR, classes=10))
    examples = recipe.epochs * (recipe.train_images or IMAGES)
    return None if count is None else PASSES * count * examples / _speed(recipe, runs)


def _speed(recipe: Recipe, runs: Sequence[Run]) -> float:
    """Multiply-adds a second that runs of the same network reached, at whatever width; else a round number."""
    speeds = [
        PASSES * run.cost.macs * run.cost.examples / run.cost.seconds
        for run in runs
        if run.spec.recipe.model == recipe.model and run.cost.macs and run.cost.seconds > 0
    ]
    return statistics.median(speeds) if speeds else SPEED

"""Fair tuning: every recipe of a study may choose its own learning rate, by as many trials as every other.

Trials explore: they train on seeds of their own and are judged on validation images, so the test images stay closed.
A winner at the end of the grid widens the grid, for all recipes alike.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.study.plan import TUNING
from ablab.study.question.rates import FIRST, WIDEST, at_rates, widened
from ablab.study.question.study import Study
from ablab.study.verdict import Verdict

SEEDS = 1


@dataclass(frozen=True)
class TuningCost:
    """What tuning takes beside the study as it stands, at least and at most."""

    trials: tuple[int, int]
    runs: tuple[int, int]  # at the rates that won
    minutes: tuple[float, float] | None  # None where it is not known how long a run takes


def tuning_cost(study: Study, minutes: float) -> TuningCost:
    """The cost of tuning, if one run of every recipe takes so many minutes together; NaN where that is not known.

    >>> study = Study("?", Recipe(), {"norm": "norm=batch"}, tune={"lr": "auto", "repeat": "each seed"}, seeds="3..10")
    >>> tuning_cost(study, 2.0)
    TuningCost(trials=(30, 180), runs=(6, 20), minutes=(36.0, 200.0))
    """
    recipes, numbers = len(study.recipes), study.rule.seeds
    grids = [len(at_rates(study.base, steps)) for steps in (FIRST, WIDEST)]
    trials = [grid * (number if study.tunes_each else SEEDS) for grid, number in zip(grids, numbers, strict=True)]
    least, most = (minutes * (trial + number) for trial, number in zip(trials, numbers, strict=True))
    return TuningCost(
        (trials[0] * recipes, trials[1] * recipes),
        (numbers[0] * recipes, numbers[1] * recipes),
        None if math.isnan(minutes) else (least, most),
    )


@dataclass(frozen=True)
class Trial:
    """One recipe at one rate: its mean validation accuracy, in percent; None where it is not there."""

    recipe: Recipe
    rate: float
    accuracy: float | None
    is_taken: bool
    number: int | None = None  # of the seed that it was for; None where rates are chosen once


@dataclass(frozen=True)
class Tuned:
    """What tuning came to for a study: the trials of each recipe, and the study with the rates that won."""

    study: Study
    names: tuple[str, ...]
    trials: tuple[tuple[Trial, ...], ...]  # in the order of the study's recipes

    @property
    def taken(self) -> tuple[tuple[float, ...], ...]:
        """The rates that won, of each recipe: one, or one for each seed."""
        return tuple(tuple(trial.rate for trial in each if trial.is_taken) for each in self.trials)


def trials_wanted(study: Study, fingerprint: str, steps: tuple[int, int]) -> tuple[RunSpec, ...]:
    """The trials of a grid: every recipe at every rate, each with the tuning seeds."""
    return tuple(
        RunSpec(one, TUNING + seed, fingerprint, explores=True)
        for seed in range(SEEDS)
        for recipe in study.recipes
        for one in at_rates(recipe, steps)
    )


def next_steps(study: Study, runs: Iterable[Run], steps: tuple[int, int]) -> tuple[int, int]:
    """The grid that is needed next: wider where a winner stands at its end, the same where none does."""
    found = _accuracies(runs)
    grids = [at_rates(recipe, steps) for recipe in study.recipes]
    each = [
        widened(steps, grid.index(_best(recipe, grid, found)))
        for recipe, grid in zip(study.recipes, grids, strict=True)
    ]
    return min(low for low, _ in each), max(high for _, high in each)


def tuned(study: Study, runs: Iterable[Run], steps: tuple[int, int]) -> Tuned:
    """The study with the rate that won for each of its recipes."""
    found = _accuracies(runs)
    every, chosen = [], []
    for recipe in study.recipes:
        grid = at_rates(recipe, steps)
        best = _best(recipe, grid, found)
        every.append(tuple(Trial(recipe, one.lr, found.get(one.hash), one.lr == best.lr) for one in grid))
        chosen.append(best)
    base, *variants = chosen
    changed = tuple(
        replace(one, recipe=recipe, change=f"{one.change} lr={recipe.lr:g}")
        for one, recipe in zip(study.variants, variants, strict=True)
    )
    return Tuned(
        replace(study, name=f"{study.name}-tuned", base=base, variants=changed, tune=False, is_tuned=True),
        tuple(study.named),
        tuple(every),
    )


def disagreements(fixed: Iterable[Verdict], after: Iterable[Verdict]) -> tuple[str, ...]:
    """The variants that have another word once every recipe has its own rate."""
    words = {verdict.variant: verdict.word for verdict in after}
    return tuple(one.variant for one in fixed if words.get(one.variant, one.word) != one.word)


def _accuracies(runs: Iterable[Run]) -> Mapping[str, float]:
    """Mean accuracy of a recipe's trials; one that did not finish counts as guessing nothing right."""
    seen: dict[str, list[float]] = {}
    for run in runs:
        seen.setdefault(run.spec.recipe.hash, []).append(run.points or 0.0)
    return {hash_: sum(each) / len(each) for hash_, each in seen.items()}


def _best(recipe: Recipe, grid: tuple[Recipe, ...], found: Mapping[str, float]) -> Recipe:
    """The recipe at the rate with the best accuracy; of equals the one nearest to its own."""
    there = [one for one in grid if one.hash in found]
    if not there:
        raise StudyError(f"there is no trial of {recipe.model} to choose a learning rate from")
    return max(there, key=lambda one: (found[one.hash], -abs(one.lr - recipe.lr)))

"""Fair tuning: every recipe of a study may choose its own learning rate, by as many trials as every other.

Trials explore: they train on seeds of their own and are judged on validation images, so the test images stay closed.
A winner at the end of the grid widens the grid, for all recipes alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.study.plan import TUNING
from ablab.study.question.study import Study
from ablab.study.verdict import Verdict

FACTOR, SIDES = 3.0, 2  # from one rate to the next; rates at first on each side of the recipe's own
WIDER = 2  # more on each side at most
SEEDS = 1


FIRST = (-SIDES, SIDES)


@dataclass(frozen=True)
class Trial:
    """One recipe at one rate: its mean validation accuracy, in percent; None where it is not there."""

    recipe: Recipe
    rate: float
    accuracy: float | None


@dataclass(frozen=True)
class Tuned:
    """What tuning came to for a study: the trials of each recipe, and the study with the rates that won."""

    study: Study
    names: tuple[str, ...]
    trials: tuple[tuple[Trial, ...], ...]  # in the order of the study's recipes
    chosen: tuple[float, ...]


def rates(own: float, steps: tuple[int, int]) -> list[float]:
    """The grid around a recipe's own rate.

    >>> rates(0.09, (-2, 1))
    [0.01, 0.03, 0.09, 0.27]
    """
    return [float(f"{own * FACTOR**step:.4g}") for step in range(steps[0], steps[1] + 1)]


def trials_wanted(study: Study, fingerprint: str, steps: tuple[int, int]) -> tuple[RunSpec, ...]:
    """The trials of a grid: every recipe at every rate, each with the tuning seeds."""
    return tuple(
        RunSpec(recipe.with_(f"lr={rate!r}"), TUNING + seed, fingerprint, explores=True)
        for seed in range(SEEDS)
        for recipe in study.recipes
        for rate in rates(recipe.lr, steps)
    )


def next_steps(study: Study, runs: Iterable[Run], steps: tuple[int, int]) -> tuple[int, int]:
    """The grid that is needed next: wider where a winner stands at its end, the same where none does."""
    found = _accuracies(runs)
    low, high = steps
    for recipe in study.recipes:
        grid = rates(recipe.lr, steps)
        at = grid.index(_best(recipe, grid, found))
        low = low - 1 if at == 0 and low > -SIDES - WIDER else low
        high = high + 1 if at == len(grid) - 1 and high < SIDES + WIDER else high
    return max(low, steps[0] - 1), min(high, steps[1] + 1)


def tuned(study: Study, runs: Iterable[Run], steps: tuple[int, int]) -> Tuned:
    """The study with the rate that won for each of its recipes."""
    found = _accuracies(runs)
    every, chosen = [], []
    for recipe in study.recipes:
        grid = rates(recipe.lr, steps)
        every.append(tuple(Trial(recipe, rate, found.get(recipe.with_(f"lr={rate!r}").hash)) for rate in grid))
        chosen.append(_best(recipe, grid, found))
    base, *variants = (recipe.with_(f"lr={rate!r}") for recipe, rate in zip(study.recipes, chosen, strict=True))
    changed = tuple(
        replace(one, recipe=recipe, change=f"{one.change} lr={recipe.lr:g}")
        for one, recipe in zip(study.variants, variants, strict=True)
    )
    return Tuned(
        replace(study, name=f"{study.name}-tuned", base=base, variants=changed, tune=False, is_tuned=True),
        tuple(study.named),
        tuple(every),
        tuple(chosen),
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


def _best(recipe: Recipe, grid: list[float], found: Mapping[str, float]) -> float:
    """The rate with the best accuracy; of equals the one nearest to the recipe's own."""
    there = [rate for rate in grid if recipe.with_(f"lr={rate!r}").hash in found]
    if not there:
        raise StudyError(f"no trial of {recipe.model} is there to choose a learning rate from")
    return max(there, key=lambda rate: (found[recipe.with_(f"lr={rate!r}").hash], -abs(rate - recipe.lr)))

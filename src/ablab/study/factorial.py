"""Main effects and interactions of a grid: what a factor does on average, and whether it depends on the others.

Each contrast is one number for each seed (a difference of cells, or a difference of differences), so seeds pair it like
any effect. Contrasts share the error that the study allows among themselves, and use the looks of the study: the
interval holds at whatever number of seeds all cells have been trained with.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablab import grammar
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.statistics.paired import interval, mean
from ablab.study.plan import Plan
from ablab.study.verdict import Word, signed, word_for

Cell = tuple[Any, ...]
Levels = tuple[tuple[str, tuple[Any, ...]], ...]  # a factor and its values, the first of which is what others meet


@dataclass(frozen=True)
class Contrast:
    """One main effect or interaction, in points of what the study decides by."""

    name: str
    kind: str  # "main effect" or "interaction"
    effect: float
    low: float
    high: float
    pairs: int
    figures: str  # effect and interval with their unit
    word: Word
    conclusion: str

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.figures}: {self.conclusion}"


def contrasts(plan: Plan, runs: Iterable[Run]) -> tuple[Contrast, ...]:
    """The contrasts of a study with a grid, over the seeds that every cell has from the first on; none without one.

    Beyond two factors, interactions are those of two factors at a time, averaged over the others.
    """
    levels, runs = plan.study.grid, tuple(runs)
    table = _table(plan, runs)
    seeds = _whole(table, cells(levels)) if levels else 0
    least, most = plan.study.rule.seeds
    if seeds < least:
        return ()
    wanted = [*_main_effects(levels), *_interactions(levels)]
    alpha = plan.study.rule.alpha / len(wanted)
    step = max(plan.metric.step(run) for run in runs if run.test)  # what each cell is rounded to
    factor = plan.protocol.multipliers(least, most, alpha)[seeds]
    if math.isinf(factor):
        return ()
    return tuple(_contrast(plan, name, kind, weights, table, seeds, factor, step) for name, kind, weights in wanted)


def cells(levels: Levels) -> tuple[Cell, ...]:
    """Every combination of values.

    >>> cells((("a", (1, 2)), ("b", (3,))))
    ((1, 3), (2, 3))
    """
    return tuple(itertools.product(*(values for _, values in levels)))


Weights = Mapping[Cell, float]


def _main_effects(levels: Levels) -> Iterable[tuple[str, str, Weights]]:
    """For each value but the first of a factor: its mean over the cells of the others, minus that of the first."""
    for at, (key, values) in enumerate(levels):
        for value in values[1:]:
            rest = len(cells(levels)) / len(values)
            weights = {
                cell: (1.0 if cell[at] == value else -1.0) / rest
                for cell in cells(levels)
                if cell[at] in (value, values[0])
            }
            yield f"{key}: {grammar.show(value)} instead of {grammar.show(values[0])}", "main effect", weights


def _interactions(levels: Levels) -> Iterable[tuple[str, str, Weights]]:
    """For each two factors and a value of each: how much more the one does where the other has its value."""
    for (i, (first, ones)), (j, (second, others)) in itertools.combinations(enumerate(levels), 2):
        for one, other in itertools.product(ones[1:], others[1:]):
            rest = len(cells(levels)) / (len(ones) * len(others))
            weights = {}
            for cell in cells(levels):
                if cell[i] in (one, ones[0]) and cell[j] in (other, others[0]):
                    sign = (1 if cell[i] == one else -1) * (1 if cell[j] == other else -1)
                    weights[cell] = sign / rest
            yield f"{first}={grammar.show(one)} x {second}={grammar.show(other)}", "interaction", weights


def _table(plan: Plan, runs: Iterable[Run]) -> dict[Cell, dict[int, float]]:
    """What the study decides by, in its unit, by cell and seed."""
    levels, metric = plan.study.grid, plan.metric
    by_recipe = {recipe.hash: _cell(recipe, levels) for recipe in plan.study.recipes}
    table: dict[Cell, dict[int, float]] = {}
    for run in runs:
        cell = by_recipe.get(run.spec.recipe.hash)
        value = metric.points(run)
        if cell is not None and value is not None and run.spec.fingerprint == plan.fingerprint:
            table.setdefault(cell, {})[plan.place(run.spec)] = value
    return table


def _cell(recipe: Recipe, levels: Levels) -> Cell:
    full = recipe.full()
    return tuple(full.get(key) for key, _ in levels)


def _whole(table: Mapping[Cell, Mapping[int, float]], wanted: Sequence[Cell]) -> int:
    """How many seeds, from the first on, every cell has."""
    return next(seed for seed in itertools.count() if any(seed not in table.get(cell, {}) for cell in wanted))


def _contrast(
    plan: Plan,
    name: str,
    kind: str,
    weights: Weights,
    table: Mapping[Cell, Mapping[int, float]],
    seeds: int,
    factor: float,
    step: float,
) -> Contrast:
    each = [sum(weight * table[cell][seed] for cell, weight in weights.items()) for seed in range(seeds)]
    metric = plan.metric
    seen = interval(each, factor, grid=step * math.sqrt(math.fsum(weight**2 for weight in weights.values()) / 2))
    word, _ = word_for(*metric.gain(seen.low, seen.high), plan.study.rule.margin)
    effect, low, high = (signed(one, metric.digits) for one in (seen.mean, seen.low, seen.high))
    figures = f"{effect} {metric.gap_unit}".rstrip() + f" ({low} to {high}, {seeds} seeds)"
    if kind == "interaction":
        known = seen.low > 0 or seen.high < 0
        less = "more" if seen.mean > 0 else "less"
        conclusion = f"together their effect is {less} than the sum of both" if known else "no clear interaction"
    else:
        conclusion = f"{word} on average over the other factors" if word in ("helps", "hurts") else word
    return Contrast(name, kind, mean(each), seen.low, seen.high, seeds, figures, word, f"{conclusion}.")

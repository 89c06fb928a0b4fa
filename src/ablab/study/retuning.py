"""Tuning that is repeated for every seed, so that the interval of a verdict includes the luck of tuning.

A seed is then one replicate of the whole procedure: each recipe tries its grid of learning rates on validation images,
with a seed of trials that belongs to this replicate, and is trained at the rate that won. Rates chosen once are the
same in all pairs, and no interval over seeds can see that another choice would have given another effect
(Bouthillier et al. 2021). Where the best rate stands at an end, a recipe widens its own grid: what it tries depends on
no other recipe, so a variant that is decided needs no more trials.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.study.plan import Plan, shuffled
from ablab.study.question.rates import FIRST, at_rates, widened
from ablab.study.question.study import Study
from ablab.study.tuning import Trial, Tuned

Runs = Mapping[str, Run]  # by id


@dataclass(frozen=True)
class Choice:
    """What a recipe has tried for one seed, in the order of rates, and what it is trained with."""

    trials: tuple[RunSpec, ...]
    missing: tuple[RunSpec, ...]  # of the trials
    run: RunSpec | None  # at the rate that won; None while trials are missing


def retuned(study: Study) -> Study:
    """The study that asks the same at rates that are chosen anew for every seed."""
    return replace(study, name=f"{study.name}-tuned", tune=False, is_tuned=True)


def choose(plan: Plan, recipe: Recipe, number: int, there: Runs) -> Choice:
    """The trials of a recipe for the seed of this number, and the run that they lead to.

    The best validation accuracy wins; of equals, the rate nearest to the recipe's own. A trial that broke off counts as
    guessing nothing right.
    """
    steps = FIRST
    while True:
        grid = at_rates(recipe, steps)
        trials = tuple(plan.trial(one, number) for one in grid)
        if missing := tuple(trial for trial in trials if trial.id not in there):
            return Choice(trials, missing, None)
        points = [there[trial.id].points or 0.0 for trial in trials]
        best = max(range(len(grid)), key=lambda at: (points[at], -abs(grid[at].lr - recipe.lr)))
        if (wider := widened(steps, best)) == steps:
            return Choice(trials, (), plan.run(grid[best], number))
        steps = wider


def found(plan: Plan, runs: Iterable[Run]) -> dict[tuple[str, int], Run]:
    """The runs that count, by the recipe of the study and the number of the seed: those at the rate that won."""
    there = {run.id: run for run in runs}
    numbers = range(1 + max((plan.place(run.spec) for run in there.values()), default=-1))
    chosen = {(recipe.hash, at): choose(plan, recipe, at, there).run for recipe in plan.study.recipes for at in numbers}
    return {key: there[run.id] for key, run in chosen.items() if run and run.id in there}


def wanted(plan: Plan, missing: Iterable[tuple[str, int]], runs: Iterable[Run]) -> tuple[RunSpec, ...]:
    """What is wanted next for runs that are missing: trials, and where all are there, the run at the rate that won."""
    there, lacking = {run.id: run for run in runs}, set(missing)
    next_ones: dict[str, RunSpec] = {}
    for number in sorted({number for _, number in lacking}):
        for recipe in shuffled(plan.study.recipes, number):
            if (recipe.hash, number) in lacking:
                choice = choose(plan, recipe, number, there)
                next_ones |= {spec.id: spec for spec in choice.missing or (choice.run,) if spec}
    return tuple(next_ones.values())


def tried(plan: Plan, runs: Iterable[Run]) -> Tuned:
    """The trials of every recipe for every seed that has some, with what was taken."""
    there = {run.id: run for run in runs if run.spec.explores}
    numbers = sorted({plan.place(run.spec) for run in there.values()})
    every = []
    for recipe in plan.study.recipes:
        choices = [(number, choose(plan, recipe, number, there)) for number in numbers]
        every.append(
            tuple(
                Trial(recipe, spec.recipe.lr, there[spec.id].points, _is_taken(spec, choice), number)
                for number, choice in choices
                for spec in choice.trials
                if spec.id in there
            )
        )
    return Tuned(plan.study, tuple(plan.study.named), tuple(every))


def _is_taken(trial: RunSpec, choice: Choice) -> bool:
    return choice.run is not None and choice.run.recipe.hash == trial.recipe.hash

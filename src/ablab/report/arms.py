"""What every part of the page starts from: the recipes of a study with their runs, pairs of a verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablab.recipe import Recipe
from ablab.records import DataFacts, Run
from ablab.study import Study, Verdict
from ablab.study.verdict import signed

TOGETHER = 5  # variants in one figure, beside the base: more colours than six cannot be told apart

Pair = tuple[Run, Run]  # base and variant with the same seed, both measured


@dataclass(frozen=True)
class Arm:
    """A recipe under the name that it has in the study, with its runs in the order of seeds."""

    name: str
    recipe: Recipe
    runs: tuple[Run, ...]
    style: int

    @property
    def measured(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.test)


def arms_of(study: Study, runs: Iterable[Run]) -> tuple[Arm, ...]:
    """The base and the variants with the runs of each; runs of other recipes are not of this study."""
    by_recipe: dict[str, dict[str, Run]] = {}
    for run in runs:
        by_recipe.setdefault(run.spec.recipe.hash, {})[run.id] = run
    named = [("base", study.base), *((variant.name, variant.recipe) for variant in study.variants)]
    return tuple(
        Arm(
            name,
            recipe,
            tuple(sorted(by_recipe.get(recipe.hash, {}).values(), key=lambda run: (run.spec.seed, run.id))),
            style=1 + (at - 1) % TOGETHER if at else 0,
        )
        for at, (name, recipe) in enumerate(named)
    )


def pairs_of(base: Arm, arm: Arm, verdict: Verdict) -> tuple[Pair, ...]:
    """The pairs of runs that a verdict used."""
    one, other = ({(run.spec.fingerprint, run.spec.seed): run for run in each.measured} for each in (base, arm))
    return tuple((one[key], other[key]) for key in sorted(one.keys() & other.keys())[: verdict.pairs])


def answered(runs: Iterable[Run], data: DataFacts) -> tuple[Run, ...]:
    """The runs whose answers to these very test images are known; one that explores has answered other images."""
    return tuple(
        run
        for run in runs
        if run.test and run.predictions and run.spec.fingerprint == data.fingerprint and not run.spec.explores
    )


def answered_pairs(pairs: Sequence[Pair], data: DataFacts) -> tuple[Pair, ...]:
    """The pairs whose answers are known on both sides."""
    return tuple(pair for pair in pairs if len(answered(pair, data)) == 2)


def duration(seconds: float) -> str:
    """Three figures or so, in a unit that one can picture.

    >>> [duration(s) for s in (0.42, 12.3, 754, 9000)]
    ['0.42 s', '12.3 s', '12.6 min', '2.5 h']
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def between(low: float, high: float | None) -> str:
    """The ends of an interval.

    >>> between(-0.5, 1.25)
    '-0.50 to +1.25'
    """
    return f"{signed(low)} to {signed(high)}" if high is not None else "–"

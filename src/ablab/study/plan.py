"""plan(): which runs a study wants at first and at most, and the hash that tells whether two plans are the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from ablab import keys
from ablab.errors import StudyError
from ablab.recipe import Recipe
from ablab.records import Wanted
from ablab.study.sequential import multipliers
from ablab.study.statistics import detectable
from ablab.study.study import Study

VERSION = 1  # part of every hash: raised when the rule that decides changes


@dataclass(frozen=True)
class Plan:
    """A study on one data set. Its hash stays the same when the question is put in other words or a variant renamed."""

    study: Study
    fingerprint: str  # of the data
    hash: str
    wanted: tuple[Wanted, ...]  # at first: the fewest runs that could decide
    most: tuple[Wanted, ...]  # if nothing is decided before the last seed
    seconds_per_run: float | None = None

    @property
    def alpha(self) -> float:
        """The error that each comparison is allowed: all of them together share the study's."""
        return self.study.rule.alpha / self.study.comparisons

    @property
    def minutes(self) -> tuple[float, float] | None:
        """What it takes at first and at most, if one knows what a run takes."""
        if self.seconds_per_run is None:
            return None
        return len(self.wanted) * self.seconds_per_run / 60, len(self.most) * self.seconds_per_run / 60

    def detectable(self, spread: float) -> float:
        """The smallest effect, in points, that the last look finds 4 times in 5, if differences have this sd."""
        least, most = self.study.rule.seeds
        return detectable(most, spread, multipliers(least, most, self.alpha)[most])


def plan(study: Study, fingerprint: str, seconds_per_run: float | None = None) -> Plan:
    """The plan of a study on data with this fingerprint."""
    least, most = study.rule.seeds
    runs = least * len(study.recipes)
    if study.rule.most_runs is not None and study.rule.most_runs < runs:
        raise StudyError(
            f"{study.where}: budget = {study.rule.budget}: {least} seeds of {len(study.recipes)} recipes "
            f'are {runs} runs before the first verdict; the smallest budget that is enough is "{runs} runs"'
        )
    return Plan(
        study=study,
        fingerprint=fingerprint,
        hash=_hash(study, fingerprint),
        wanted=runs_of(study.recipes, range(least), fingerprint),
        most=runs_of(study.recipes, range(most), fingerprint),
        seconds_per_run=seconds_per_run,
    )


def runs_of(recipes: Iterable[Recipe], seeds: Iterable[int], fingerprint: str) -> tuple[Wanted, ...]:
    """Every recipe with every seed, each seed in an order of its own: a machine that slows down favours none."""
    order = tuple(recipes)
    return tuple(Wanted(recipe, seed, fingerprint) for seed in seeds for recipe in _shuffled(order, seed))


def _shuffled(recipes: tuple[Recipe, ...], seed: int) -> list[Recipe]:
    """In the order of numbers drawn for them; which recipes are beside it has no part in a recipe's number."""
    return sorted(recipes, key=lambda recipe: keys.number(seed, f"run order/{recipe.hash}"))


def _hash(study: Study, fingerprint: str) -> str:
    rule = study.rule
    said = [
        VERSION,
        study.base.hash,
        sorted(variant.recipe.hash for variant in study.variants),
        [rule.metric, rule.margin, rule.confidence, rule.seeds],
        fingerprint,
        *([rule.budget] if rule.budget else []),
        *([study.comparisons] if study.datasets else []),
    ]
    return hashlib.sha256(json.dumps(said, allow_nan=False).encode()).hexdigest()[:12]

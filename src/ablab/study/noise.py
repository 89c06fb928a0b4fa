"""How noisy the accuracy of a run is, measured in several ways: which way needs fewer runs, and does it shift effects?

The figures are those of `benchmarks/noise.py`: many trainings, each measured in every way.
"""

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablab.recipe import Recipe
from ablab.statistics.paired import Interval, differences, interval, sd, t_multiplier
from ablab.statistics.ratio import Ratio, variance_ratio

FIGURES = Path(__file__).with_name("noise.json")
ALPHA = 0.05
SHIFT = 0.5  # points: a shift of an effect that matters, the margin that studies have by default
BASE, SAME = "base", "same"
MEMORY = 1.6  # epochs that averaged weights reach back: the 50 steps of ema(0.98), of 31 an epoch

Accuracies = Mapping[str, tuple[float, ...]]  # of one training over the seeds, by the key of the way to measure it


@dataclass(frozen=True)
class Way:
    """A way to give a trained network one accuracy."""

    key: str
    title: str
    keys: str = ""  # of a recipe that asks for it; empty where none can

    def changes(self, steps: int) -> str:
        """What makes a recipe with so many steps an epoch measure in this way."""
        forgotten = float(f"{1 / (MEMORY * steps):.2g}")
        return self.keys.format(decay=f"{1 - forgotten:.10g}")


REFERENCE = Way("best of 1000", "the epoch chosen on 1,000 validation images (`select=best`)")
WAYS = (
    Way("best of 400", "the epoch chosen on 400 validation images"),
    Way("best of 100", "the epoch chosen on 100 validation images"),
    Way("last", "the last epoch", "select=last"),
    Way("mean accuracy", "the mean of the accuracies after each of the last 3 epochs"),
    Way("mean answer", "the outputs after each of the last 3 epochs, averaged for each image"),
    Way("ema, best", "weights averaged during training, at the selected epoch", "average=ema({decay})"),
    Way("ema, last", "weights averaged during training, at the last epoch", "average=ema({decay}) select=last"),
    Way(
        "flip", "the last epoch, with the outputs for each image and its mirror image averaged", "select=last tta=flip"
    ),
)


@dataclass(frozen=True)
class Setting:
    """One recipe with the accuracies of its trainings, seed by seed: of itself, and of itself with each change."""

    name: str
    recipe: str
    trainings: Mapping[str, Accuracies]

    @property
    def schedule(self) -> str:
        """What the learning rate does."""
        return Recipe.of({}).with_(self.recipe).schedule

    @property
    def changes(self) -> tuple[str, ...]:
        """The real changes that it was trained with."""
        return tuple(name for name in self.trainings if name not in (BASE, SAME))

    def runs(self, way: Way) -> tuple[float, ...]:
        """The accuracies of the recipe itself, in points."""
        return self.trainings[BASE][way.key]

    def effects(self, change: str, way: Way) -> tuple[float, ...]:
        """The effect of a change in each pair of runs with one seed, in points."""
        changed = self.trainings[change][way.key]
        return differences(self.runs(way)[: len(changed)], changed)


@dataclass(frozen=True)
class Finding:
    """What one way of measuring does to the runs of one setting, against the reference."""

    way: Way
    setting: Setting
    spread: float  # sd, in points, of the difference of two runs of the recipe with two seeds
    seeds: Ratio  # variance of that difference, over the reference's
    pairs: Mapping[str, Ratio]  # variance of each change's effect in pairs, over the reference's
    level: Interval  # accuracy, minus the reference's
    shift: Mapping[str, Interval]  # effect of each change, minus the reference's: a bias where it is not 0

    @property
    def is_quieter(self) -> bool:
        """The interval says so of two seeds, and pairs, which cancel part of the same noise, do not vary more."""
        return self.seeds.high < 1 and all(ratio.value < 1 for ratio in self.pairs.values())

    @property
    def is_biased(self) -> bool:
        """An interval says that an effect is another one."""
        return any(shift.low > 0 or shift.high < 0 for shift in self.shift.values())

    @property
    def is_faithful(self) -> bool:
        """The intervals leave no room for a shift that matters."""
        return not self.is_biased and all(one.low > -SHIFT and one.high < SHIFT for one in self.shift.values())

    @property
    def saved(self) -> tuple[float, float]:
        """The share of runs that it saves for the same power, by the largest and by the smallest ratio."""
        ratios = [ratio.value for ratio in (self.seeds, *self.pairs.values())]
        return 1 - max(ratios), 1 - min(ratios)


@functools.cache
def settings() -> tuple[Setting, ...]:
    """What was measured, as this version of ablab ships it."""
    return read(FIGURES.read_text(encoding="utf-8"))


def read(text: str) -> tuple[Setting, ...]:
    """The settings in a file of figures."""
    return tuple(
        Setting(
            one["name"],
            one["recipe"],
            {
                training: {way: tuple(accuracies) for way, accuracies in ways.items()}
                for training, ways in one["trainings"].items()
            },
        )
        for one in json.loads(text)
    )


def finding(setting: Setting, way: Way) -> Finding:
    """What the figures say of one way in one setting."""
    base, reference = setting.runs(way), setting.runs(REFERENCE)
    effects = {change: (setting.effects(change, REFERENCE), setting.effects(change, way)) for change in setting.changes}
    return Finding(
        way=way,
        setting=setting,
        spread=math.sqrt(2) * sd(base),
        seeds=variance_ratio(reference, base, ALPHA),
        pairs={change: variance_ratio(*both, ALPHA) for change, both in effects.items()},
        level=_mean_difference(reference, base),
        shift={change: _mean_difference(*both) for change, both in effects.items()},
    )


def _mean_difference(a: Sequence[float], b: Sequence[float]) -> Interval:
    return interval(differences(a, b), t_multiplier(len(a), ALPHA))


@dataclass(frozen=True)
class Advice:
    """A way to measure that needs fewer runs and left effects where they were, where it was tried."""

    changes: str  # to the base
    saved: tuple[float, float]  # share of runs, at least and at most, over the networks that it was tried with
    networks: int


def advice(recipes: Sequence[Recipe], steps: int, found: Sequence[Setting] | None = None) -> Advice | None:
    """The quietest way for a study of these recipes, by the settings that have the schedule of the first, its base.

    `steps` are those of one epoch. Recipes that average weights, use test-time views or select on the test images
    already are left as they are. Every network must show less noise and none a bias; one must be able to exclude a bias
    that matters, since the runs of some are too noisy for that.
    """
    base = recipes[0]
    if any(one.average != "none" or one.tta != "none" or one.select == "test" for one in recipes):
        return None
    alike = [one for one in (settings() if found is None else found) if one.schedule == base.schedule]
    tried = {way: [finding(one, way) for one in alike] for way in WAYS if way.keys and alike}
    good = {
        way: min(one.saved[0] for one in both)
        for way, both in tried.items()
        if all(one.is_quieter and not one.is_biased for one in both)
        and any(one.is_faithful for one in both)
        and base.with_(way.changes(steps)) != base
    }
    if not good:
        return None
    best = max(good, key=lambda way: good[way])
    shares = [share for one in tried[best] for share in one.saved]
    return Advice(best.changes(steps), (min(shares), max(shares)), len(alike))

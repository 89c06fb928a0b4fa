"""Evidence: the published studies with what a store has of them, and the pairs of runs that a comparison rests on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ablab.errors import InputError
from ablab.nouns import span_text
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.replication.measures import Measure
from ablab.result import Arm, Result, look_up
from ablab.statistics.paired import Interval, differences, interval, ratio_interval, t_multiplier
from ablab.store import Store
from ablab.study import Study
from ablab.study.question.files import published_studies, read_studies
from ablab.study.question.published import SCALES
from ablab.study.secondary import ALPHA, after_looks

FAR = 5.0  # points below a published accuracy from which on a recipe is not trained enough to test a claim


@dataclass(frozen=True)
class Repeated:
    """A published study on one data set, with a result for each size that has runs: the largest first."""

    file: str  # the study file's name, without its ending
    data: str
    studies: tuple[Study, ...]  # at every size that it has, the largest first
    results: tuple[Result, ...]

    def whole(self, name: str) -> Recipe:
        """A recipe of it at full size."""
        return self.studies[0].named[name]

    def largest(self, names: Iterable[str], least: int = 3) -> Result | None:
        """The largest size at which each of these recipes has so many measured runs; else one with any runs at all."""
        wanted = tuple(names)
        counts = [
            (result, [len(arm.measured) if (arm := result.arm(name)) else 0 for name in wanted])
            for result in self.results
        ]
        enough = [result for result, each in counts if each and min(each) >= least]
        some = [result for result, each in counts if each and min(each) >= 1]
        return next(iter([*enough, *some]), None)


@dataclass(frozen=True)
class Comparison:
    """One recipe against another by a measure, over the seeds that both have."""

    base: float
    variant: float
    effect: Interval | None  # None with fewer than three pairs; of a ratio, the ratio itself
    pairs: int


def evidence(store: Store | None, files: Collection[str] = ()) -> tuple[Repeated, ...]:
    """Every published study, or those of some files, on each of its data sets, with what the store has of it."""
    repeated = []
    for path in published_studies():
        if files and path.stem not in files:
            continue
        sizes = [read_studies(path, scale) for scale in reversed(SCALES)]
        for studies in zip(*sizes, strict=True):
            results = [result for study in studies if (result := _result(study, store))]
            repeated.append(Repeated(path.stem, studies[0].base.data, tuple(studies), tuple(results)))
    return tuple(repeated)


def _result(study: Study, store: Store | None) -> Result | None:
    if store is None:
        return None
    try:
        result = look_up(study, store)
    except InputError:
        return None
    return result if result.runs else None


def alone(result: Result) -> Repeated:
    """One result by itself, as evidence for what a report prints of its study."""
    study = result.study
    file = study.name.removesuffix(f"-{study.scale}").removesuffix(f"-{study.base.data}")
    return Repeated(file, study.base.data, (study,), (result,))


def of_study(repeated: Iterable[Repeated], file: str, data: str = "") -> Repeated | None:
    """A study by the name of its file, on one of its data sets or on the only one."""
    return next((one for one in repeated if one.file == file and data in ("", one.data)), None)


def values(arm: Arm, measure: Measure) -> dict[int, float]:
    """The figure of each run that has it, by the number of its seed."""
    known = ((run.spec.seed, measure.of(run)) for run in arm.runs)
    return {seed: value for seed, value in known if value is not None}


def comparable(arm: Arm, measure: Measure) -> list[float]:
    """The figures whose mean says something: of a time, those from the machine that most runs were timed on."""
    known = [(run.machine.clock, value) for run in arm.runs if (value := measure.of(run)) is not None]
    usual = Counter(clock for clock, _ in known).most_common(1)
    return [value for clock, value in known if not measure.is_time or clock == usual[0][0]]


def compared(base: Arm, variant: Arm, measure: Measure, result: Result) -> Comparison | None:
    """The two over the first seeds that both have, at the multiplier of the study's looks.

    The study may have stopped where it did because of these very runs, so its multipliers are used: they hold at
    whatever look a study ends, for every figure that is paired by seed.
    """
    ours, theirs = values(base, measure), values(variant, measure)
    seeds = sorted(ours.keys() & theirs.keys())
    if measure.is_time:
        seeds = [seed for seed in seeds if _clock(base, seed) == _clock(variant, seed)]
    if not seeds:
        return None
    pairs = [(ours[seed], theirs[seed]) for seed in seeds]
    means = [sum(side) / len(pairs) for side in zip(*pairs, strict=True)]
    return Comparison(means[0], means[1], _interval(pairs, measure, result), len(pairs))


def unpaired(base: Arm, variant: Arm, measure: Measure) -> Comparison | None:
    """Two recipes of different studies or data sets, which share no seeds that mean the same: Welch's interval."""
    from scipy.stats import ttest_ind

    sides = [comparable(arm, measure) for arm in (base, variant)]
    if not all(sides):
        return None
    means, fewest = [sum(side) / len(side) for side in sides], min(map(len, sides))
    effect = None
    if fewest >= 3:
        ends = ttest_ind(sides[1], sides[0], equal_var=False).confidence_interval(1 - ALPHA)
        effect = Interval(means[1] - means[0], math.nan, float(ends.low), float(ends.high))
    return Comparison(means[0], means[1], effect, fewest)


def _interval(pairs: list[tuple[float, float]], measure: Measure, result: Result) -> Interval | None:
    if len(pairs) < 3 or (measure.is_ratio and min(min(pair) for pair in pairs) <= 0):
        return None
    least, most = result.study.rule.seeds
    reach = after_looks(len(pairs), (least, most) if least <= len(pairs) <= most else None)
    base, variant = zip(*pairs, strict=True)
    if measure.is_ratio:
        return ratio_interval(base, variant, reach)
    return interval(differences(base, variant), reach, grid=measure.grid)


def mean_interval(numbers: Iterable[float], measure: Measure) -> tuple[float, Interval | None]:
    """The mean of one recipe's figures, with its plain interval from three runs on."""
    given = list(numbers)
    plain = interval(given, t_multiplier(len(given), ALPHA), grid=measure.grid) if len(given) >= 3 else None
    return sum(given) / len(given), plain


def _clock(arm: Arm, seed: int) -> tuple[str, str, int, int] | None:
    return next((run.machine.clock for run in arm.runs if run.spec.seed == seed), None)


def size_of(runs: Iterable[Run]) -> str:
    """How long the runs were that ended as they should: epochs, and training images in each."""
    whole = [run for run in runs if run.test]
    epochs = [run.cost.epochs for run in whole]
    images = [round(run.cost.examples / run.cost.epochs) for run in whole if run.cost.epochs]
    return f"{span_text(epochs)} × {span_text(images)}" if whole else "–"

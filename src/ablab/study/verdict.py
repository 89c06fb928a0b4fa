"""Verdict: one of four words, with the numbers that it rests on; `sentence.py` says them in words.

The four words come from one interval and the margin, so no test can contradict it. A real effect that is smaller than
the margin is "no practical difference", too; `is_negligible` tells it from an effect that may be none.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ablab.metric import ACCURACY, Metric, metric_of
from ablab.nouns import counted
from ablab.recipe import Recipe
from ablab.records import Run
from ablab.statistics.paired import (
    chance_better,
    correct,
    correlation,
    differences,
    image_variance,
    mean,
    noise_floor,
    relative_error_reduction,
    widened,
)
from ablab.statistics.sequential import Look
from ablab.study.failures import Failing, Pair
from ablab.study.question.rule import Rule
from ablab.study.question.variant import Variant

Word = Literal["helps", "hurts", "no practical difference", "undecided"]


@dataclass(frozen=True)
class Evidence:
    """What one comparison rests on."""

    metric: Metric
    variant: Variant
    base: Recipe
    pairs: tuple[Pair, ...]  # in the order of seeds, up to the look that decided
    values: tuple[tuple[float, ...], tuple[float, ...]]  # what their runs count as: of the base, of the variant
    tried: int  # seeds that were looked at, those without a pair that counts included
    looks: tuple[Look, ...]
    runs: int  # of the variant, those without an accuracy included
    failures: int  # of the variant
    base_failures: int
    trained: tuple[Pair, ...]  # where neither failed
    is_stuck: bool  # the next pair has a run that will never have a value
    failing: Failing | None  # None by the first protocol
    apart: int = 0  # pairs that count for nothing, because they are times of two machines
    unreached: int = 0  # pairs that count for nothing, because neither run reached the target


@dataclass(frozen=True)
class Costs:
    """What the variant takes as a multiple of what the base takes; None where it is not known or not comparable."""

    parameters: float | None = None
    macs: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Outlook:
    """What more pairs would do for an undecided comparison, if its effect is as large as the margin."""

    needed: int | None  # so many more decide it with 80 % power; None where the study does not have them
    chance: float  # that the rest of the study decides it
    anew: int | None  # pairs at most of a new study that would; None beyond 100, or while this one goes on
    is_hopeless: bool = False  # the rest hardly decides it as things look, and the study may give up


@dataclass(frozen=True)
class Known:
    """How many of a verdict's runs had results when its plan was locked."""

    runs: int  # that the verdict looked at
    seen: int  # that were known
    single: int  # of these, trained with `ablab train`
    removed: int  # of these, removed and trained again
    plans: tuple[str, ...]  # other plans that had judged them


@dataclass(frozen=True)
class Verdict:
    """Does the variant help? Figures are in points (percentage points of accuracy), shares from 0 to 1.

    Where a study decides by another metric, figures are in its unit, and "accuracies" are values of it. What is known
    of accuracies alone (images, share of the error, instability) is None then.
    """

    variant: str
    change: str
    word: Word
    sentence: str
    effect: float | None  # mean of variant minus base; None before the first pair
    low: float | None  # ends of the interval; None before the first look
    high: float | None
    pairs: int
    margin: float
    confidence: float
    level: float  # of the interval: the confidence, or that of two one-sided tests where these have shown equality
    comparisons: int  # of the study; the confidence is that of all of them together
    is_negligible: bool  # real, and smaller than the margin
    is_biased: bool  # epochs were chosen on the test set
    base_accuracies: tuple[float, ...]  # of the metric
    accuracies: tuple[float, ...]
    wins: int
    ties: int
    chance_better: float | None  # of one run of the variant against one of the base, if differences are normal
    error_reduction: float | None  # share of the base's error that the variant takes away
    sd: float | None  # of the differences
    rho: float | None  # between the accuracies of base and variant: what pairing is worth
    floor: float | None  # the part of sd that any two seeds have on these images
    wide_low: float | None  # ends of the interval for other images, too; None where predictions or labels are missing
    wide_high: float | None
    is_of_this_test_set: bool  # the interval for other images would not give the same word
    runs: int
    failures: int
    base_failures: int
    cost_ratio: float | None  # of training seconds, where runs of both sides had one machine
    costs: Costs
    instability: tuple[float, float] | None  # of base and variant: variance over seeds in multiples of the floor's
    outlook: Outlook | None  # what more pairs would do, where it is undecided
    looks: tuple[Look, ...]
    metric: str = ACCURACY
    seeds: tuple[int, ...] = ()  # of the pairs that it rests on
    tried: int = 0  # seeds that were looked at
    failing: Failing | None = None  # None by the first protocol
    known: Known | None = None  # None where no run had a result when the plan was locked

    def __repr__(self) -> str:
        seen = "" if self.effect is None else f", effect {signed(self.effect, self.digits)} {self.unit}".rstrip()
        return f"<Verdict {self.variant}: {self.label}{seen}, {counted(self.pairs, 'pair')}>"

    @property
    def name(self) -> str:
        """The variant, and what it was judged by where that is not accuracy."""
        return self.variant if self.metric == ACCURACY else f"{self.variant} ({metric_of(self.metric).title})"

    @property
    def needed(self) -> int | None:
        """So many more pairs would settle an effect as large as the margin."""
        return self.outlook.needed if self.outlook else None

    @property
    def is_given_up(self) -> bool:
        return self.outlook is not None and self.outlook.is_hopeless

    @property
    def unit(self) -> str:
        """What effects are counted in."""
        return metric_of(self.metric).gap_unit

    @property
    def digits(self) -> int:
        """Decimals of an effect that are worth reading."""
        return metric_of(self.metric).digits

    @property
    def label(self) -> str:
        """The word with what limits it, as tables and badges show it.

        The bare word stands for a verdict about all runs, which nobody had seen when the plan was locked, at epochs
        that were not chosen on the test set.
        """
        limits = (
            ("biased", self.is_biased),
            ("where both train", bool(self.failing and self.failing.where_both_train)),
            ("known before", self.known is not None),
        )
        said = ", ".join(limit for limit, holds in limits if holds)
        return f"{self.word} ({said})" if said else self.word

    def size(self, points: float) -> str:
        """An effect or margin with its unit, without a sign."""
        return f"{points:.{self.digits}f} {self.unit}".rstrip()


@dataclass(frozen=True)
class _Images:
    """What predictions add to accuracies."""

    floor: float | None = None
    instability: tuple[float, float] | None = None
    low: float | None = None
    high: float | None = None


def word_for(low: float, high: float, margin: float) -> tuple[Word, bool]:
    """The word for an interval, and whether it is a real effect that is smaller than the margin.

    >>> word_for(0.1, 0.7, 0.5), word_for(0.1, 0.4, 0.5), word_for(-0.1, 0.4, 0.5), word_for(-0.1, 0.7, 0.5)
    (('helps', False), ('no practical difference', True), ('no practical difference', False), ('undecided', False))
    """
    is_real, is_small = low > 0 or high < 0, -margin < low and high < margin
    if is_small:
        return "no practical difference", is_real
    if is_real:
        return ("helps" if low > 0 else "hurts"), False
    return "undecided", False


def word_at(look: Look, margin: float, metric: Metric) -> tuple[Word, bool]:
    if look.is_small(margin):
        return "no practical difference", look.excludes_zero
    return word_for(*metric.gain(look.interval.low, look.interval.high), margin)


def judge(evidence: Evidence, rule: Rule, *, comparisons: int, labels: Any = None) -> Verdict:
    """The verdict that the evidence allows."""
    pairs, last = evidence.pairs, evidence.looks[-1] if evidence.looks else None
    metric, is_accuracy = evidence.metric, rule.metric == ACCURACY
    a, b = evidence.values
    timed = tuple(pair for pair in pairs if all(run.status == "finished" for run in pair)) or pairs
    gaps = differences(a, b)
    word, is_negligible = word_at(last, rule.margin, metric) if last else ("undecided", False)
    shown = last.equality if last and last.equality and word == "no practical difference" else last
    seen = shown.interval if shown else None
    images = _images(shown, _answers(pairs, metric, labels))
    wide_word = word
    if images.low is not None and images.high is not None:
        wide_word, _ = word_for(images.low, images.high, rule.margin)
    return Verdict(
        variant=evidence.variant.name,
        change=evidence.variant.change,
        word=word,
        sentence="",
        effect=mean(gaps) if gaps else None,
        low=seen.low if seen else None,
        high=seen.high if seen else None,
        pairs=len(pairs),
        margin=rule.margin,
        confidence=rule.confidence,
        level=round(1 - 2 * rule.alpha, 12) if last and shown is last.equality else rule.confidence,
        comparisons=comparisons,
        is_negligible=is_negligible,
        is_biased="test" in (evidence.base.select, evidence.variant.recipe.select),
        base_accuracies=a,
        accuracies=b,
        wins=sum(metric.gain(gap, gap)[0] > 0 for gap in gaps),
        ties=sum(gap == 0 for gap in gaps),
        chance_better=chance_better(metric.gain(seen.mean, seen.mean)[0], seen.sd) if seen else None,
        error_reduction=relative_error_reduction(a, b) if gaps and (is_accuracy or metric.of_images) else None,
        sd=seen.sd if seen else None,
        rho=correlation(a, b),
        floor=images.floor,
        wide_low=images.low,
        wide_high=images.high,
        is_of_this_test_set=wide_word != word,
        runs=evidence.runs,
        failures=evidence.failures,
        base_failures=evidence.base_failures,
        cost_ratio=cost_ratio(timed),
        costs=costs(timed),
        instability=images.instability,
        outlook=None,
        looks=evidence.looks,
        metric=rule.metric,
        seeds=tuple(base.spec.seed for base, _ in pairs),
        tried=evidence.tried,
        failing=evidence.failing,
    )


def points(runs: Sequence[Run], metric: Metric | None = None) -> tuple[float, ...]:
    """What runs have of a metric, in its unit: accuracies in percent."""
    values = ((metric or metric_of(ACCURACY)).points(run) for run in runs)
    return tuple(value for value in values if value is not None)


def cost_ratio(pairs: Sequence[Pair]) -> float | None:
    """Training time of the variant over that of the base, where times can be compared: one machine, one device.

    Nor can they be where recipes that ask for one precision got several: on another day, another one was chosen. With
    kernels another one may be the fastest, so a recipe's kernels are part of what it asks for.
    On nodes of one kind the two runs of a seed often have two nodes. Training time hardly depends on the seed, so there
    every run of the variant is compared with every run of the base that had the same node.
    """
    runs = [run for pair in pairs for run in pair]
    precisions = {((run.spec.recipe.precision, run.spec.recipe.kernels), run.machine.precision) for run in runs}
    if len({asked for asked, _ in precisions}) < len(precisions):
        return None
    if not all(math.isfinite(run.cost.seconds) and run.cost.seconds > 0 for run in runs):
        return None
    clocks = {run.machine.clock for run in runs}
    if len({clock[1:] for clock in clocks}) > 1:
        return None
    compared = pairs
    if len(clocks) > 1:
        both = itertools.product((base for base, _ in pairs), (variant for _, variant in pairs))
        compared = [(base, variant) for base, variant in both if base.machine.clock == variant.machine.clock]
    ratios = [variant.cost.seconds / base.cost.seconds for base, variant in compared]
    return statistics.median(ratios) if ratios else None


def costs(pairs: Sequence[Pair]) -> Costs:
    """Ratios of parameters and MACs, which are counted, and of memory, where one machine told it."""

    def ratio(of: Callable[[Run], int | None]) -> float | None:
        both = [(of(base), of(variant)) for base, variant in pairs]
        known = [after / before for before, after in both if before and after]
        return statistics.median(known) if known and len(known) == len(both) else None

    is_one_place = len({(run.machine.name, run.machine.device) for pair in pairs for run in pair}) == 1
    return Costs(
        parameters=ratio(lambda run: run.cost.parameters),
        macs=ratio(lambda run: run.cost.macs),
        memory=ratio(lambda run: run.cost.memory) if is_one_place else None,
    )


def _answers(pairs: Sequence[Pair], metric: Metric, labels: Any) -> tuple[Any, Any] | None:
    """Which images the runs of each side got right, bool[n, N]; None where the metric counts no images."""
    runs = [run for pair in pairs for run in pair]
    if not runs or not all(run.predictions for run in runs):
        return None
    import numpy as np

    if metric.answers:
        right = [metric.answers(run) for run in runs]
    elif metric.name == ACCURACY and labels is not None:
        right = [correct(run.predictions, labels) for run in runs]
    else:
        return None
    return np.stack(right[::2]), np.stack(right[1::2])


def _images(last: Look | None, answers: tuple[Any, Any] | None) -> _Images:
    if last is None or answers is None or answers[0].shape[1] < 2:
        return _Images()
    a, b = answers
    pairs = len(a)
    low, high = widened(last.interval, image_variance(a, b), last.alpha)
    sides = [[noise_floor(*rows[at : at + 2]) ** 2 for at in range(pairs - 1)] for rows in (a, b)]
    floor = math.sqrt(2 * mean([*sides[0], *sides[1]]))
    spreads = [statistics.variance(100 * rows.mean(1)) for rows in (a, b)]
    unstable = None
    if all(mean(side) > 0 for side in sides):
        unstable = (float(spreads[0]) / mean(sides[0]), float(spreads[1]) / mean(sides[1]))
    return _Images(floor, unstable, low, high)


def signed(number: float, digits: int = 2) -> str:
    """Decimals and a sign; never -0.00.

    >>> signed(1.234), signed(-0.001)
    ('+1.23', '+0.00')
    """
    return f"{round(number, digits) + 0.0:+.{digits}f}"

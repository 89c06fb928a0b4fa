"""Failures: which runs did not learn, what they count as, and the pairs that a verdict can rest on.

A run has failed if it broke off, or if it ended below twice chance. Failed runs are never left out or replaced. One
that was measured counts at its accuracy, one that was not counts as chance. A pair in which both failed, and one was
never measured, has no difference.

A single failure makes the spread of the differences so large that hardly any number of seeds would decide. So there are
two series of pairs, and the first look that decides, at either, gives the verdict: all pairs, and those where both
trained. The second one is an answer about runs that train, and the verdict says so, with the failure rates beside it.
It is not taken where runs that trained come near the line between failing and not: then a failure is a matter of
degree, and leaving it out would bend the effect.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablab.metric import ACCURACY, AtLeast, Metric
from ablab.records import Run
from ablab.statistics.failures import Reliability
from ablab.statistics.paired import differences

Pair = tuple[Run, Run]  # base and variant with the same seed


@dataclass(frozen=True)
class Scale:
    """Turns runs into values of the metric that decides."""

    metric: Metric
    classes: int | None  # of the data; None where labels are not known
    counts_failures: bool  # the first protocol did not: there a run without a measurement ended the pairs

    @property
    def chance(self) -> float:
        """The accuracy of guessing, in percent; of unknown data, none at all."""
        return 100 / self.classes if self.classes else 0.0

    @property
    def line(self) -> float:
        """Twice chance, in percent; of few classes, a ninth of the way from chance to no mistakes, which is less.

        >>> [round(Scale(None, classes, True).line, 1) for classes in (2, 5, 10, 100)]
        [55.6, 28.9, 20.0, 2.0]
        """
        return min(2 * self.chance, self.chance + (100 - self.chance) / 9)

    def has_failed(self, run: Run) -> bool:
        """Whether a run did not learn; by the first protocol, whether it did not finish."""
        is_low = run.points is not None and self.classes is not None and run.points < self.line
        return run.status != "finished" or (self.counts_failures and is_low)

    def value(self, run: Run) -> float | None:
        """What a run counts as, in the metric's unit; None where it has no value and cannot be given one."""
        measured = self.metric.points(run)
        is_chance = self.counts_failures and self.metric.name == ACCURACY and self.has_failed(run)
        return self.chance if measured is None and is_chance else measured

    def value_at(self, run: Run, share: float | None) -> float:
        """The value of a run; of one that was not measured, this share of the most that a failed run can have."""
        measured = self.metric.points(run)
        if measured is not None:
            return measured
        return self.chance if share is None else share * self.line

    def compares(self, pair: Pair) -> bool:
        """Whether the values of a pair can be set against each other."""
        return not self.are_apart(pair) and not all(isinstance(self.metric.of(run), AtLeast) for run in pair)

    def are_apart(self, pair: Pair) -> bool:
        """Whether these are times of two machines."""
        return self.metric.is_time and pair[0].machine.clock != pair[1].machine.clock

    def counts_as_chance(self, runs: Iterable[Run]) -> bool:
        """Whether one of the runs has a value though it was never measured."""
        return any(self.metric.of(run) is None and self.value(run) is not None for run in runs)


@dataclass(frozen=True)
class Series:
    """Pairs in the order of seeds, with what they count as."""

    pairs: tuple[Pair, ...]
    places: tuple[int, ...]  # of their seeds in the plan, from 0
    base: tuple[float, ...]
    variant: tuple[float, ...]

    @property
    def differences(self) -> tuple[float, ...]:
        return differences(self.base, self.variant)

    def first(self, pairs: int) -> "Series":
        """The same up to so many pairs."""
        return Series(self.pairs[:pairs], self.places[:pairs], self.base[:pairs], self.variant[:pairs])


@dataclass(frozen=True)
class Failing:
    """How often base and variant failed over the seeds that were looked at, and what that does to the verdict."""

    seeds: int
    base: int
    variant: int
    base_rate: tuple[float, float]  # ends of the exact 95 % interval of the rate, as shares
    variant_rate: tuple[float, float]
    reliability: Reliability  # of the variant against the base
    where_both_train: bool  # the verdict rests on these pairs alone
    counted: tuple[float, float, float] | None = None  # then: effect and interval with failed runs counted as chance
    chance: float | None = None  # what runs without a measurement count as, where there are any
    other_words: tuple[str, ...] = ()  # that they would give as no right answer, or as the most that a failed run has


def present(both: Sequence[tuple[Run | None, Run | None]], scale: Scale) -> tuple[tuple[Pair, ...], bool]:
    """The pairs up to the first that is not complete, and whether that one never will be."""

    def is_stuck(run: Run | None) -> bool:
        if run is None or scale.value(run) is not None:
            return False
        return not (scale.counts_failures and scale.has_failed(run))

    pairs: list[Pair] = []
    for left, right in both:
        if left is None or right is None or is_stuck(left) or is_stuck(right):
            return tuple(pairs), is_stuck(left) or is_stuck(right)
        pairs.append((left, right))
    return tuple(pairs), False


def every_pair(pairs: Sequence[Pair], scale: Scale) -> Series:
    """All pairs that have a difference, with failed runs as what they count as."""

    def counts(pair: Pair) -> bool:
        is_measured = all(scale.metric.of(run) is not None for run in pair)
        return scale.compares(pair) and (is_measured or not all(scale.has_failed(run) for run in pair))

    return _series([(at, pair) for at, pair in enumerate(pairs) if counts(pair)], scale)


def trained_pairs(pairs: Sequence[Pair], scale: Scale) -> Series:
    """The pairs where both trained; none where runs that trained came near the line, so that failing is of degree."""
    trained = [
        (at, pair)
        for at, pair in enumerate(pairs)
        if scale.compares(pair) and not any(scale.has_failed(run) for run in pair)
    ]
    clear = 2 * scale.line - scale.chance
    if any(run.points is not None and run.points < clear for _, pair in trained for run in pair):
        return _series([], scale)
    return _series(trained, scale)


def _series(pairs: Sequence[tuple[int, Pair]], scale: Scale) -> Series:
    found = [(at, pair, scale.value(pair[0]), scale.value(pair[1])) for at, pair in pairs]
    known = [(at, pair, left, right) for at, pair, left, right in found if left is not None and right is not None]
    return Series(
        tuple(pair for _, pair, _, _ in known),
        tuple(at for at, _, _, _ in known),
        tuple(left for _, _, left, _ in known),
        tuple(right for _, _, _, right in known),
    )

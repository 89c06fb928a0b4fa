"""Secondary answers: what else a change did. They never change a verdict, and are no verdicts themselves.

Each is a paired difference with a 95 % interval after the pairs that the verdict used. Those pairs ended when the
verdict had been found, which shifts every figure that goes with it: of figures that correlate by 0.9 or more, plain
intervals miss 6 to 9 %. So intervals have the multiplier of the look, which holds at any end whatever the correlation.
Class by class the p-values are Holm's, because ten classes are ten chances to see something.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ablab.errors import StudyError
from ablab.metric import ACCURACY, Metric, known_metrics, metric_of
from ablab.records import DataFacts, EpochRow, Run
from ablab.statistics.confusion import unpacked
from ablab.statistics.learning import epochs_to
from ablab.statistics.paired import differences, interval, mean, ratio_interval, sd, t_multiplier
from ablab.statistics.sequential import multipliers
from ablab.study.failures import Pair

Seeds = tuple[int, int]  # of the study: pairs at the first look and at the last
ALPHA = 0.05
GAP = "training minus test accuracy (the gap)"  # of the same weights, without dropout and augmentation
MANY = 20  # classes beyond which each has too few test images to say anything


@dataclass(frozen=True)
class Secondary:
    """One difference, variant minus base (of times: the ratio), in its own unit."""

    name: str
    unit: str
    base: float  # means over the pairs
    variant: float
    effect: float
    low: float
    high: float
    pairs: int
    is_during_training: bool = False  # from training images while the weights moved, with augmentation and dropout on


@dataclass(frozen=True)
class ClassEffect:
    """What a change did to the share of one class's images that are right, in points."""

    name: str
    base: float
    variant: float
    effect: float
    p: float  # Holm's, over all classes


def after_looks(pairs: int, seeds: Seeds | None) -> float:
    """How many standard errors a 95 % interval reaches, after so many pairs of a study with this first and last look.

    Without looks it is Student's quantile.

    >>> round(after_looks(5, None), 2), round(after_looks(5, (3, 10)), 2)
    (2.78, 4.99)
    """
    return multipliers(*seeds, ALPHA)[pairs] if seeds else t_multiplier(pairs, ALPHA)


def secondary(
    pairs: Sequence[Pair], decide: Collection[str] = (ACCURACY,), seeds: Seeds | None = None
) -> tuple[Secondary, ...]:
    """The secondary answers that these pairs allow; at least three pairs are needed.

    Every metric but those that decide the study is among them.
    """
    if len(pairs) < 3:
        return ()
    reach = after_looks(len(pairs), seeds)
    during_training = _paired(
        "training accuracy in the last epoch, measured during training", "pp", pairs, _last_training, 0.01, reach
    )
    found = [
        _paired(
            "mean validation accuracy over the epochs (learning speed)", "pp", pairs, _mean_validation, 0.01, reach
        ),
        during_training and replace(during_training, is_during_training=True),
        None if "gap" in decide else _paired(GAP, "pp", pairs, metric_of("gap").points, 0.01, reach),
        *(_measured(metric, pairs, reach) for name, metric in known_metrics().items() if name not in decide),
        _times(pairs, reach),
    ]
    return tuple(one for one in found if one)


@dataclass(frozen=True)
class LearningSpeed:
    """How long it took to reach a validation accuracy; runs that never did count as the horizon."""

    target: float  # a share, 0 to 1, fixed before the runs
    horizon: int  # epochs
    base_epochs: tuple[float, ...]
    variant_epochs: tuple[float, ...]
    base_never: int  # runs that did not reach it within the horizon
    variant_never: int
    epochs: Secondary | None  # None where only the counts can be told
    seconds: Secondary | None  # None as well where times cannot be compared
    sentence: str


@dataclass(frozen=True)
class GapChange:
    """What became of training minus test accuracy, and which of the two moved it."""

    gap: Secondary
    train: Secondary
    test: Secondary
    sentence: str


@dataclass(frozen=True)
class ConfusionChange:
    """How much more often one class was taken for another: shares of the true class in points. Description only."""

    true: str
    given: str
    base: float
    variant: float
    change: float


def paired_secondary(
    name: str,
    unit: str,
    base: Sequence[float],
    variant: Sequence[float],
    grid: float = 0.0,
    reach: float | None = None,
) -> Secondary:
    """Any figure that both sides of each pair have, compared; `grid` is the smallest step that it can take.

    The interval reaches `reach` standard errors, or Student's quantile where no number is given.
    """
    if len(base) != len(variant) or len(base) < 3:
        raise StudyError(f"{name}: {len(base)} and {len(variant)} figures; at least three pairs are needed")
    seen = interval(differences(base, variant), reach or t_multiplier(len(base), ALPHA), grid=grid)
    return Secondary(name, unit, mean(base), mean(variant), seen.mean, seen.low, seen.high, len(base))


def learning_speed(pairs: Sequence[Pair], target: float, seeds: Seeds | None = None) -> LearningSpeed | None:
    """Epochs and seconds to a validation accuracy; None with fewer than three pairs or without curves.

    All runs share one horizon, so the restricted mean time is the mean of min(T, E). E is the shortest curve of those
    that never reached the target: a run that ended early because it did reach it shortens nothing.
    """
    if len(pairs) < 3 or not all(run.curve for pair in pairs for run in pair):
        return None
    reached = [[epochs_to(run.curve, target) for run in side] for side in zip(*pairs, strict=True)]
    lengths = [[run.curve[-1].epoch for run in side] for side in zip(*pairs, strict=True)]
    both = [one for side in zip(reached, lengths, strict=True) for one in zip(*side, strict=True)]
    horizon = min((length for time, length in both if time is None), default=max(length for _, length in both))
    base, variant = ([min(horizon, time if time is not None else horizon) for time in side] for side in reached)
    never = [sum(time is None or time > horizon for time in side) for side in reached]
    n, epochs, seconds = len(pairs), None, None
    if 2 * max(never) <= n:
        name = f"epochs to {100 * target:g} % validation accuracy, at most {horizon}"
        reach = after_looks(n, seeds)
        epochs = paired_secondary(name, "epochs", base, variant, 1.0, reach)
        seconds = _seconds_to(pairs, base, variant, target, reach)
    said = f"{never[0]} of {n} runs of the base and {never[1]} of {n} of the variant never reached it."
    if epochs is None:
        said += " More than half of one side: no mean is given."
    return LearningSpeed(target, horizon, tuple(base), tuple(variant), never[0], never[1], epochs, seconds, said)


def gap_change(
    base_train: Sequence[float],
    base_test: Sequence[float],
    train: Sequence[float],
    test: Sequence[float],
    seeds: Seeds | None = None,
) -> GapChange:
    """The change of the overfitting gap with its two parts, from accuracies in points, one of each for every pair.

    Training accuracy is meant without augmentation and dropout, on images of the training set.
    """
    reach = after_looks(len(base_train), seeds)
    parts = (
        paired_secondary("training accuracy", "pp", base_train, train, 0.01, reach),
        paired_secondary("test accuracy", "pp", base_test, test, 0.01, reach),
    )
    gaps = [differences(test, train) for test, train in ((base_test, base_train), (test, train))]
    gap = paired_secondary(GAP, "pp", gaps[0], gaps[1], 0.01, reach)
    return GapChange(gap, *parts, _gap_sentence(gap, *parts))


def confusion_changes(pairs: Sequence[Pair], data: DataFacts, most: int = 5) -> tuple[ConfusionChange, ...]:
    """The mistakes whose share of the true class changed most, as means over the pairs; no test goes with them."""
    import numpy as np

    if not pairs or not all(run.predictions for pair in pairs for run in pair):
        return ()
    matrices = [_matrices([pair[side] for pair in pairs], data).sum(0) for side in (0, 1)]
    base, variant = (100 * one / np.maximum(one.sum(1, keepdims=True), 1) for one in matrices)
    change = variant - base
    np.fill_diagonal(change, 0.0)
    cells = np.argsort(-abs(change), axis=None, kind="stable")[:most]
    places = [(int(at) // len(data.classes), int(at) % len(data.classes)) for at in cells]
    return tuple(
        ConfusionChange(data.classes[i], data.classes[j], float(base[i, j]), float(variant[i, j]), float(change[i, j]))
        for i, j in places
        if change[i, j]
    )


def groups_note(data: DataFacts) -> str:
    """Why many classes are told by their groups; nothing where they need not be."""
    if len(data.classes) <= MANY:
        return ""
    each = len(data.labels) // len(data.classes)
    return (
        f"{len(data.classes)} classes have about {each} test images each, too few for an effect on one class; "
        "to see more, group the classes (such as the superclasses of CIFAR-100)."
    )


def class_effects(
    pairs: Sequence[Pair], data: DataFacts, groups: Mapping[str, Sequence[int]] | None = None
) -> tuple[ClassEffect, ...]:
    """The effect on every class, with Holm's p-values; none where there are too many classes or too few pairs.

    With groups (names, and the numbers of their classes) it is told of these: of their images, those given the very
    class that they have.
    """
    from scipy.special import stdtr

    members = groups or {name: (at,) for at, name in enumerate(data.classes)}
    if len(pairs) < 3 or len(members) > MANY or not all(run.predictions for pair in pairs for run in pair):
        return ()
    sides = [_matrices([pair[side] for pair in pairs], data) for side in (0, 1)]
    found = []
    for name, classes in members.items():
        at = list(classes)
        images = max(int(sides[0][0, at].sum()), 1)
        base, variant = ((100 * side[:, at, at].sum(1) / images).tolist() for side in sides)
        gaps = differences(base, variant)
        spread = sd(gaps, grid=100 / images)
        score = mean(gaps) / (spread / math.sqrt(len(gaps)))
        found.append((name, mean(base), mean(variant), mean(gaps), 2 * float(stdtr(len(gaps) - 1, -abs(score)))))
    return tuple(ClassEffect(*one[:4], p) for one, p in zip(found, holm([one[4] for one in found]), strict=True))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def _paired(
    name: str, unit: str, pairs: Sequence[Pair], figure: Callable[[Run], float | None], grid: float, reach: float
) -> Secondary | None:
    both = [(figure(base), figure(variant)) for base, variant in pairs]
    known = [(a, b) for a, b in both if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)]
    if len(known) < len(pairs):
        return None
    return paired_secondary(name, unit, [a for a, _ in known], [b for _, b in known], grid, reach)


def _measured(metric: Metric, pairs: Sequence[Pair], reach: float) -> Secondary | None:
    name = f"{metric.title} on the test images"
    step = max((metric.step(run) for pair in pairs for run in pair if run.test), default=metric.grid)
    return _paired(name, metric.gap_unit, pairs, lambda run: metric.points(run), step, reach)


def _times(pairs: Sequence[Pair], reach: float) -> Secondary | None:
    """Seconds of training an epoch as a ratio, by the mean of its logarithm; only within one machine."""
    if len({run.machine for pair in pairs for run in pair}) > 1:
        return None
    base, variant = ([run.cost.seconds / max(run.cost.epochs, 1) for run in side] for side in zip(*pairs, strict=True))
    if min(*base, *variant) <= 0:
        return None
    return _ratio("seconds of training an epoch", base, variant, reach)


def _ratio(name: str, base: Sequence[float], variant: Sequence[float], reach: float) -> Secondary:
    seen = ratio_interval(base, variant, reach)
    return Secondary(name, "times", mean(base), mean(variant), seen.mean, seen.low, seen.high, len(base))


def _seconds_to(
    pairs: Sequence[Pair], base: Sequence[float], variant: Sequence[float], target: float, reach: float
) -> Secondary | None:
    if len({run.machine for pair in pairs for run in pair}) > 1:
        return None
    sides = zip(zip(*pairs, strict=True), (base, variant), strict=True)
    seconds = [[_seconds_at(run.curve, time) for run, time in zip(runs, times, strict=True)] for runs, times in sides]
    if min(map(min, seconds)) <= 0:
        return None
    return _ratio(f"seconds to {100 * target:g} % validation accuracy", seconds[0], seconds[1], reach)


def _seconds_at(curve: Sequence[EpochRow], time: float) -> float:
    """Training seconds up to a time in epochs; the first epoch counts as the second, since it holds the warm-up."""
    each = [row.seconds for row in curve]
    each[0] = each[min(1, len(each) - 1)]
    return math.fsum(seconds * max(0.0, min(1.0, time - at)) for at, seconds in enumerate(each))


def _gap_sentence(gap: Secondary, train: Secondary, test: Secondary) -> str:
    """Which part moved the gap: one that went the gap's way by less than a tenth of its change is not named."""
    if gap.low <= 0 <= gap.high:
        return "No clear change in the gap."
    way = -1 if gap.effect < 0 else 1
    parts = [("train", train.effect, way), ("test", test.effect, -way)]
    why = [
        f"{name} {'rose' if change > 0 else 'fell'}"
        for name, change, helping in parts
        if change * helping > abs(gap.effect) / 10
    ]
    moved = "shrank" if way < 0 else "grew"
    return f"The gap {moved} because {' and '.join(why)} (train {train.effect:+.2f} pp, test {test.effect:+.2f} pp)."


def _mean_validation(run: Run) -> float | None:
    return mean([row.val_points for row in run.curve]) if run.curve else None


def _last_training(run: Run) -> float | None:
    return run.curve[-1].train_points if run.curve else None


def _matrices(runs: Sequence[Run], data: DataFacts) -> Any:
    """The confusion matrix of every run, i64[n,K,K], counted at one go."""
    import numpy as np

    labels, k = np.asarray(data.labels, np.int64), len(data.classes)
    given = [unpacked(run.predictions, k) for run in runs]
    for run, answers in zip(runs, given, strict=True):
        if len(answers) != len(labels) or int(answers.max(initial=0)) >= k:
            raise StudyError(f"run {run.id}: its predictions are not those of {len(labels)} images of {k} classes")
    cells = np.arange(len(runs))[:, None] * k * k + labels * k + np.stack(given)  # [n,N]
    return np.bincount(cells.ravel(), minlength=len(runs) * k * k).reshape(len(runs), k, k)

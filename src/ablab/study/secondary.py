"""Secondary answers: what else a change did. They never change a verdict, and are no verdicts themselves.

Each is a paired difference with its plain 95 % interval after the pairs that the verdict used; class by class the
p-values are Holm's, because ten classes are ten chances to see something.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.records import DataFacts, Run
from ablab.study.classes import class_report, confusion, unpacked
from ablab.study.statistics import differences, interval, mean, sd, t_multiplier

Pair = tuple[Run, Run]  # base and variant with the same seed, both measured
ALPHA = 0.05
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


@dataclass(frozen=True)
class ClassEffect:
    """What a change did to the share of one class's images that are right, in points."""

    name: str
    base: float
    variant: float
    effect: float
    p: float  # Holm's, over all classes


def secondary(pairs: Sequence[Pair]) -> tuple[Secondary, ...]:
    """The secondary answers that these pairs allow; at least three pairs are needed."""
    if len(pairs) < 3:
        return ()
    found = [
        _paired("mean validation accuracy over the epochs (learning speed)", "pp", pairs, _mean_validation, 0.01),
        _paired("training accuracy in the last epoch, as it went", "pp", pairs, _last_training, 0.01),
        _paired("training minus test accuracy (the gap)", "pp", pairs, _gap, 0.01),
        _paired("loss on the test images", "nats", pairs, _test_loss, 1e-4),
        _paired("calibration error on the test images", "pp", pairs, _metric("ece"), 0.01),
        _paired("top-5 accuracy on the test images", "pp", pairs, _metric("top5"), 0.01),
        _times(pairs),
    ]
    return tuple(one for one in found if one)


def class_effects(pairs: Sequence[Pair], data: DataFacts) -> tuple[ClassEffect, ...]:
    """The effect on every class, with Holm's p-values; none where there are too many classes or too few pairs."""
    from scipy.stats import t

    if len(pairs) < 3 or len(data.classes) > MANY or not all(run.predictions for pair in pairs for run in pair):
        return ()
    sides = [[_recalls(pair[side], data) for pair in pairs] for side in (0, 1)]
    found = []
    for at, name in enumerate(data.classes):
        base, variant = ([100 * run[at] for run in side] for side in sides)
        gaps = differences(base, variant)
        spread = sd(gaps, grid=100 * len(data.classes) / len(data.labels))
        score = mean(gaps) / (spread / math.sqrt(len(gaps)))
        found.append((name, mean(base), mean(variant), mean(gaps), 2 * float(t.sf(abs(score), len(gaps) - 1))))
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
    name: str, unit: str, pairs: Sequence[Pair], figure: Callable[[Run], float | None], grid: float
) -> Secondary | None:
    both = [(figure(base), figure(variant)) for base, variant in pairs]
    known = [(a, b) for a, b in both if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)]
    if len(known) < len(pairs):
        return None
    base, variant = [a for a, _ in known], [b for _, b in known]
    seen = interval(differences(base, variant), t_multiplier(len(known), ALPHA), grid=grid)
    return Secondary(name, unit, mean(base), mean(variant), seen.mean, seen.low, seen.high, len(known))


def _times(pairs: Sequence[Pair]) -> Secondary | None:
    """Seconds of training an epoch as a ratio, by the mean of its logarithm; only within one machine."""
    if len({run.machine for pair in pairs for run in pair}) > 1:
        return None
    base, variant = ([run.cost.seconds / max(run.cost.epochs, 1) for run in side] for side in zip(*pairs, strict=True))
    if min(*base, *variant) <= 0:
        return None
    logs = differences([math.log(one) for one in base], [math.log(one) for one in variant])
    seen = interval(logs, t_multiplier(len(logs), ALPHA), grid=1e-4)
    effect, low, high = (math.exp(one) for one in (seen.mean, seen.low, seen.high))
    return Secondary("seconds of training an epoch", "times", mean(base), mean(variant), effect, low, high, len(logs))


def _mean_validation(run: Run) -> float | None:
    return 100 * mean([row.val_accuracy for row in run.curve]) if run.curve else None


def _last_training(run: Run) -> float | None:
    return 100 * run.curve[-1].train_accuracy if run.curve else None


def _gap(run: Run) -> float | None:
    return 100 * (run.curve[-1].train_accuracy - run.test.accuracy) if run.curve and run.test else None


def _test_loss(run: Run) -> float | None:
    return run.test.loss if run.test else None


def _metric(name: str) -> Callable[[Run], float | None]:
    return lambda run: 100 * run.test.metrics[name] if run.test and name in run.test.metrics else None


def _recalls(run: Run, data: DataFacts) -> list[float]:
    given: Any = unpacked(run.predictions, len(data.classes))
    return [one.recall for one in class_report(confusion(data.labels, given, len(data.classes))).each]

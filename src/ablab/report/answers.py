"""Secondary answers of each variant: learning speed, the gap, sizes of weights, each class. They decide nothing."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.records import NEAR_ZERO, SPREAD, DataFacts, Run
from ablab.report import charts
from ablab.report.embedded import Sheet, short
from ablab.report.wording import visible
from ablab.result import Arm, answered_pairs, pairs_of
from ablab.statistics.paired import mean
from ablab.study import Rule, Verdict
from ablab.study.secondary import (
    ClassEffect,
    Secondary,
    class_effects,
    gap_change,
    groups_note,
    learning_speed,
    paired_secondary,
    secondary,
)
from ablab.study.verdict import Pair

MOST = 25  # variants; each takes some 6 kB of the page
AS_IT_WENT = ("training accuracy in the last epoch", "training minus test accuracy")


@dataclass(frozen=True)
class Goal:
    """The validation accuracies that learning speed is measured by, and where they come from."""

    shares: tuple[float, ...]
    is_afterwards: bool  # set by the runs themselves, which favours nobody but was not fixed before


@dataclass(frozen=True)
class Answers:
    """What else one variant did."""

    name: str
    lines: tuple[Secondary, ...]
    sentences: tuple[str, ...]
    classes: tuple[ClassEffect, ...]
    note: str


def goal_of(arms: Sequence[Arm], rule: Rule) -> Goal:
    """The targets that the study was given, or 95 % of the base's mean final validation accuracy, in whole percent."""
    if rule.target:
        return Goal(tuple(one / 100 for one in rule.target), False)
    finals = [run.curve[-1].val_accuracy for run in arms[0].runs if run.status == "finished" and run.curve]
    finals = [one for one in finals if math.isfinite(one)]
    percent = math.floor(95 * mean(finals) + 1e-9) if finals else 0
    return Goal((percent / 100,) if percent > 0 else (), True)


def answers(arms: Sequence[Arm], verdicts: Sequence[Verdict], data: DataFacts | None, goal: Goal) -> Iterator[Answers]:
    """For each variant with enough pairs: what else it did, from the pairs that its verdict used."""
    for arm, verdict in list(zip(arms[1:], verdicts, strict=False))[:MOST]:
        pairs = pairs_of(arms[0], arm, verdict)
        if len(pairs) < 3:
            continue
        lines, sentences = list(secondary(pairs, verdict.metric)), []
        if all(run.train and run.test for pair in pairs for run in pair):
            # measured on training images as they are: better than what was seen while the weights moved
            lines = [one for one in lines if not one.name.startswith(AS_IT_WENT)]
            change = gap_change(*_accuracies(pairs, 0), *_accuracies(pairs, 1))
            lines += [change.train, change.gap]
            sentences.append(change.sentence)
        for speed in filter(None, (learning_speed(pairs, share) for share in goal.shares)):
            lines += [one for one in (speed.epochs, speed.seconds) if one]
            sentences.append(f"{100 * speed.target:g} % validation accuracy: {speed.sentence}")
        if all(run.weights for pair in pairs for run in pair):
            zeros = [_near_zero([pair[side] for pair in pairs]) for side in (0, 1)]
            lines.append(
                paired_secondary(f"weights closer to zero than {NEAR_ZERO:g}", "pp", zeros[0], zeros[1], 0.001)
            )
        known = answered_pairs(pairs, data) if data else ()
        classes = class_effects(known, data) if data and len(known) == len(pairs) else ()
        yield Answers(arm.name, tuple(lines), tuple(sentences), classes, groups_note(data) if data and known else "")


def histograms(arms: Sequence[Arm]) -> tuple[list[dict[str, Any]], Sheet]:
    """How the weights of each recipe spread: the mean share of weights in each bin, over its runs."""
    kept = [(arm, shares) for arm in arms[:MOST] if (shares := _shares(arm.runs))]
    highest = max((max(shares) for _, shares in kept), default=1.0)
    pictures = [
        {
            "name": arm.name,
            "n": sum(bool(run.weights) for run in arm.runs),
            "near_zero": 100 * mean([run.weights.near_zero for run in arm.runs if run.weights]),
            "svg": charts.histogram(
                shares, highest, SPREAD, style=arm.style, title=f"sizes of the weights of {visible(arm.name)}"
            ),
        }
        for arm, shares in kept
    ]
    rows = tuple(
        (visible(arm.name), *(short(end) for end in ends), short(share))
        for arm, shares in kept
        for ends, share in zip(_bins(len(shares)), shares, strict=True)
    )
    return pictures, Sheet(("recipe", "from", "to", "share of weights"), rows)


def _bins(number: int) -> list[tuple[float, float]]:
    width = 2 * SPREAD / number
    return [(-SPREAD + at * width, -SPREAD + (at + 1) * width) for at in range(number)]


def _shares(runs: Sequence[Run]) -> list[float]:
    """The mean share of weights in each bin; nothing where no run says it, or not all have the same bins."""
    counts = [run.weights.counts for run in runs if run.weights and sum(run.weights.counts)]
    if not counts or len({len(one) for one in counts}) > 1:
        return []
    return [mean(shares) for shares in zip(*([n / sum(one) for n in one] for one in counts), strict=True)]


def _near_zero(runs: Sequence[Run]) -> list[float]:
    return [100 * run.weights.near_zero for run in runs if run.weights]


def _accuracies(pairs: Sequence[Pair], side: int) -> tuple[list[float], list[float]]:
    """Training and test accuracies of one side, in points."""
    runs = [pair[side] for pair in pairs]
    return [100 * run.train.accuracy for run in runs if run.train], [
        100 * run.test.accuracy for run in runs if run.test
    ]


def line_rows(lines: Sequence[Secondary]) -> list[dict[str, Any]]:
    """The lines as they are printed."""
    return [
        {
            "name": one.name,
            "base": f"{one.base:.4g}",
            "variant": f"{one.variant:.4g}",
            "difference": f"{one.effect:.2f}×" if one.unit == "times" else f"{one.effect:+.3g} {one.unit}",
            "interval": f"{one.low:.2f} to {one.high:.2f}"
            if one.unit == "times"
            else f"{one.low:+.3g} to {one.high:+.3g}",
            "pairs": one.pairs,
        }
        for one in lines
    ]

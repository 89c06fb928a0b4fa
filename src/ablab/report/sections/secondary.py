"""Other metrics of each variant: learning speed, the gap, sizes of weights, each class. They decide nothing."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.catalogue import mark
from ablab.metric import ACCURACY
from ablab.records import NEAR_ZERO, DataFacts, Run
from ablab.report.means import DASH, ends, mean_text, ratio_text
from ablab.report.section import Fold, Paragraph, Part
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Result, answered_pairs
from ablab.statistics.confusion import confusion, unpacked
from ablab.statistics.paired import mean
from ablab.study import Verdict
from ablab.study.failures import Pair
from ablab.study.secondary import (
    Secondary,
    after_looks,
    class_effects,
    gap_change,
    groups_note,
    learning_speed,
    paired_secondary,
    secondary,
)
from ablab.study.verdict import signed

MOST = 25  # variants; each takes some 6 kB of a page
FEWEST = 3  # pairs for an interval


@dataclass(frozen=True)
class Goal:
    """The validation accuracies that learning speed is measured by, and where they come from."""

    shares: tuple[float, ...]
    is_afterwards: bool  # set by the runs themselves, which favours nobody but was not fixed before


@mark("section", "secondary", title="Other metrics", place=90, tables=("secondary", "classes"), absent=("terminal",))
def secondary_answers(result: Result) -> Iterator[Part]:
    """What else each change did, from the pairs that its verdict rests on."""
    goal = goal_of(result)
    known = [(verdict, pairs) for verdict in result.verdicts[:MOST] if len(pairs := result.pairs(verdict)) >= FEWEST]
    if not known:
        return
    yield Paragraph(
        "What else each change did, from the pairs behind its verdict. Each line has a 95 % interval that is valid no "
        "matter when the study stopped. With so many lines, some intervals exclude 0 by chance, so verdicts do not "
        f"use them.{_about(goal)}"
    )
    decide = {verdict.metric for verdict in result.decision.every}
    answers = [(verdict.variant, *answers_of(pairs, goal, decide, result.study.rule.seeds)) for verdict, pairs in known]
    yield _table([(name, line) for name, lines, _ in answers for line in lines])
    for name, _, sentences in answers:
        if sentences:
            yield Paragraph(" ".join(sentences), "small", lead=f"{name}:")
    if result.data and (classes := class_table(result)).rows:
        yield Fold("Effect on each class", (classes,))


def goal_of(result: Result) -> Goal:
    """The targets that the study was given, or 95 % of the base's mean final validation accuracy, in whole percent."""
    if target := result.study.rule.target:
        return Goal(tuple(percent / 100 for percent in target), False)
    finals = [run.curve[-1].val_accuracy for run in result.arms[0].runs if run.status == "finished" and run.curve]
    finals = [final for final in finals if math.isfinite(final)]
    percent = math.floor(95 * mean(finals) + 1e-9) if finals else 0
    return Goal((percent / 100,) if percent > 0 else (), True)


def _about(goal: Goal) -> str:
    if not goal.shares:
        return ""
    *first, last = (f"{100 * share:g}" for share in goal.shares)
    targets = f"{', '.join(first)} and {last}" if first else last
    origin = (
        "; ablab set this target after the runs, as 95 % of the base's mean final validation accuracy, in whole percent"
        if goal.is_afterwards
        else ", the targets of the study"
        if first
        else ", the target of the study"
    )
    return f" Learning speed is the time to {targets} % validation accuracy{origin}."


def answers_of(
    pairs: Sequence[Pair], goal: Goal, decide: Collection[str] = (ACCURACY,), seeds: tuple[int, int] | None = None
) -> tuple[list[Secondary], list[str]]:
    """What else a change did, as lines and as sentences."""
    lines, sentences = list(secondary(pairs, decide, seeds)), []
    if all(run.train and run.test for pair in pairs for run in pair):
        # measured on training images as they are: better than what was seen while the weights moved
        lines = [line for line in lines if not line.is_during_training]
        change = gap_change(*_accuracies(pairs, 0), *_accuracies(pairs, 1), seeds)
        lines.append(change.train)
        sentences.append(change.sentence)
    for speed in filter(None, (learning_speed(pairs, share, seeds) for share in goal.shares)):
        lines += [line for line in (speed.epochs, speed.seconds) if line]
        sentences.append(f"{100 * speed.target:g} % validation accuracy: {speed.sentence}")
    if all(run.weights for pair in pairs for run in pair):
        zeros = [_near_zero([pair[side] for pair in pairs]) for side in (0, 1)]
        lines.append(
            paired_secondary(
                f"weights closer to zero than {NEAR_ZERO:g}",
                "pp",
                zeros[0],
                zeros[1],
                0.001,
                after_looks(len(pairs), seeds),
            )
        )
    return lines, sentences


def _near_zero(runs: Sequence[Run]) -> list[float]:
    return [100 * run.weights.near_zero for run in runs if run.weights]


def _accuracies(pairs: Sequence[Pair], side: int) -> tuple[list[float], list[float]]:
    """Training and test accuracies of one side, in points."""
    runs = [pair[side] for pair in pairs]
    return (
        [run.train.points for run in runs if run.train],
        [run.test.points for run in runs if run.test],
    )


def _table(rows: Sequence[tuple[str, Secondary]]) -> Table:
    return table(
        "secondary",
        (
            "variant",
            "secondary",
            "base >",
            "variant's >",
            "difference >",
            Head("95 % interval", True, WORDS["interval"]),
            Head("n", True, WORDS["n"]),
        ),
        [
            (name, line.name, f"{line.base:.4g}", f"{line.variant:.4g}", *difference_texts(line), str(line.pairs))
            for name, line in rows
        ],
        [
            {
                "variant": name,
                "figure": line.name,
                "unit": line.unit,
                "base": line.base,
                "with_it": line.variant,
                "effect": line.effect,
                "low": line.low,
                "high": line.high,
                "n": line.pairs,
            }
            for name, line in rows
        ],
        title="What else changed",
        caption="Means over seed pairs, and their difference (for times: their ratio) with its 95 % interval, which "
        "is valid no matter when the study stopped; n pairs. Verdicts do not use this table.",
    )


def difference_texts(line: Secondary) -> tuple[str, str]:
    """The difference and the ends of its interval: a ratio of times, else a number with its sign."""
    if line.unit == "times":
        return ratio_text(line.effect), f"{line.low:.2f} to {line.high:.2f}"
    return f"{line.effect:+.3g} {line.unit}", f"{line.low:+.3g} to {line.high:+.3g}"


def class_table(result: Result) -> Table:
    """The share of each class's test images that is right, with and without each change."""
    data = result.data
    rows: list[tuple[tuple[str | Cell, ...], dict[str, Any]]] = []
    for verdict in result.verdicts[:MOST] if data else ():
        assert data is not None
        pairs = answered_pairs(result.pairs(verdict), data)
        if len(pairs) >= FEWEST:
            rows += _class_rows(verdict, pairs, data, result.study.rule.seeds)
    note = f" {groups_note(data)}" if data and groups_note(data) else ""
    return table(
        "classes",
        ("variant", "class", "base >", "with it >", "effect >", "95 % interval >", "p (Holm) >", "n >"),
        [cells for cells, _ in rows],
        [record for _, record in rows],
        title="Class by class",
        caption="Percent correct of the test images of each class, and the effect in percentage points, with 95 % "
        "intervals that are valid no matter when the study stopped. Holm's method adjusts the p-values over all "
        "classes of a variant, because ten classes are ten chances of a false finding. n seed pairs. Verdicts do not "
        f"use it.{note}",
    )


def _class_rows(
    verdict: Verdict, pairs: Sequence[Pair], data: DataFacts, seeds: tuple[int, int]
) -> Iterator[tuple[tuple[str | Cell, ...], dict[str, Any]]]:
    chances = {effect.name: effect.p for effect in class_effects(pairs, data)}
    shares = [[_recalls(run, data) for run in side] for side in zip(*pairs, strict=True)]
    for at, name in enumerate(data.classes):
        images = max(1, data.labels.count(at))
        base, variant = ([run[at] for run in side] for side in shares)
        reach = after_looks(len(pairs), seeds)
        line = paired_secondary(name, "pp", base, variant, 100 / images, reach)
        p = chances.get(name)
        yield (
            (
                verdict.variant,
                name,
                mean_text(base, 100 / images),
                mean_text(variant, 100 / images),
                signed(line.effect),
                ends(line.low, line.high),
                DASH if p is None else f"{p:.3f}",
                str(line.pairs),
            ),
            {
                "variant": verdict.variant,
                "class": name,
                "base": line.base,
                "share": line.variant,
                "effect": line.effect,
                "low": line.low,
                "high": line.high,
                "p_holm": p,
                "n": line.pairs,
                "images": images,
            },
        )


def _recalls(run: Run, data: DataFacts) -> list[float]:
    """The percent of each class's test images that a run has right."""
    k = len(data.classes)
    matrix = confusion(data.labels, unpacked(run.predictions, k), k)
    images = matrix.sum(1).clip(1)
    return [100 * float(share) for share in matrix.diagonal() / images]

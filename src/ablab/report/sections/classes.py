"""Class by class: confusion matrices of base and variant with their difference, the mistaken pairs, each class."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ablab.catalogue import mark
from ablab.errors import DataError, InputError
from ablab.nouns import counted
from ablab.records import SEEN, DataFacts, Run
from ablab.report.chart import HeatMap, Multiples
from ablab.report.means import ids, short, spoilt
from ablab.report.section import Beside, Fold, Heading, Paragraph, Part
from ablab.report.table import Head, Table, table
from ablab.report.wording import visible
from ablab.report.words import WORDS
from ablab.result import Arm, Result, answered, answered_pairs
from ablab.statistics.confusion import MANY, class_report, confusion, mistakes, unpacked, unpacked_confusion
from ablab.study.failures import Pair
from ablab.study.secondary import confusion_changes, groups_note

TEST = "test"
TOGETHER = 3  # variants in one chart
KEYS = ("precision", "recall", "f1")
MOST_CELLS = 1500  # of all matrices; each takes some 170 bytes of a page


@mark("section", "classes", title="Classes", place=110, absent=("terminal",))
def classes(result: Result) -> Iterator[Part]:
    """For each variant with pairs whose answers are known: both matrices, what changed, and the tables."""
    data, room = result.data, MOST_CELLS
    for at, verdict in enumerate(result.verdicts if data else (), 1):
        assert data is not None
        pairs = answered_pairs(result.pairs(verdict), data)
        if not pairs or room <= 0:
            continue
        sides = [summed([pair[side] for pair in pairs], data) for side in (0, 1)]
        yield Heading(verdict.variant, f"{counted(len(pairs), 'pair')} of seeds")
        if len(data.classes) <= MANY:
            room -= 3 * len(data.classes) ** 2
            runs = [run for pair in pairs for run in pair]
            yield maps({"base": shares(sides[0]), verdict.variant: shares(sides[1])}, data, runs, f"confusion-{at}")
        else:
            yield Paragraph(f"{groups_note(data)} The report omits confusion matrices for the same reason.", "small")
        yield _mistaken(verdict.variant, sides, pairs, data)
        if len(data.classes) <= MANY:
            both = {"base": sides[0], "variant's": sides[1]}
            title = f"Precision, recall and F1: {verdict.variant}"
            yield Fold("Precision, recall and F1 of each class", (_each_class(both, data, title),))
            beside = list(_beside_test(verdict.variant, pairs, data, at)) if room > 0 else []
            room -= 3 * len(data.classes) ** 2 * len(beside)
            yield from beside


def of_run(run: Run, data: DataFacts) -> tuple[Part, ...]:
    """What one run confuses; nothing where its answers to these test images are not known."""
    if not answered([run], data):
        return ()
    matrix = summed([run], data)
    mistaken = _mistakes("this run", matrix, data)
    if len(data.classes) > MANY:
        return (mistaken,)
    known = _each_class({"": matrix}, data, "Precision, recall and F1 of each class")
    name = f"run {run.id[:8]}"
    others = [
        Fold(f"Confusion matrix of {SEEN[part]}", (maps({name: shares(summed([run], data, part))}, data, [run], part),))
        for part in run.confusions
    ]
    return maps_of([Arm(name, run.spec.recipe, (run,), 0)], data), known, mistaken, *others


def summed(runs: Sequence[Run], data: DataFacts, part: str = TEST) -> Any:
    """The confusion matrix of all runs together, i64[K,K], of the test images or of what else was measured."""
    k = len(data.classes)
    if part == TEST:
        return sum(confusion(data.labels, answers(run, data), k) for run in runs)
    return sum(unpacked_confusion(run.confusions[part], k) for run in runs)


def answers(run: Run, data: DataFacts) -> Any:
    """The class that a run gave to each test image, i64[N]."""
    given = unpacked(run.predictions, len(data.classes))
    if len(given) != len(data.labels):
        raise DataError(f"run {run.id}: its {len(given)} answers are not to these {len(data.labels)} test images")
    return given


def shares(matrix: Any) -> Any:
    """Percent of each true class, in a row; 0 for a class without images."""
    import numpy as np

    return 100 * matrix / np.maximum(matrix.sum(1, keepdims=True), 1)


def maps_of(arms: Sequence[Arm], data: DataFacts, part: str = TEST) -> Multiples:
    """The matrices of these recipes, all in one chart."""
    known = {arm.name: runs for arm in arms if (runs := _with_matrix(answered(arm.runs, data), part))}
    if not known and part != TEST:
        raise InputError(f"none of these runs has a confusion matrix of {SEEN[part]}: older versions did not store it")
    if not known:
        raise InputError("none of these runs has predictions for these test images: only measured runs do")
    if len(known) > 1 + TOGETHER:
        raise InputError(f"{len(known) - 1} variants are too many for one picture: choose up to {TOGETHER}")
    everything = [run for each in known.values() for run in each]
    counts = ", ".join(f"{name} n = {len(each)}" for name, each in known.items())
    chart = maps({name: shares(summed(each, data, part)) for name, each in known.items()}, data, everything)
    images = f" These are {SEEN[part]}, not test images." if part in SEEN else ""
    return replace(chart, caption=f"{chart.caption}{images} Means over runs: {counts}.")


def _with_matrix(runs: Sequence[Run], part: str) -> tuple[Run, ...]:
    return tuple(run for run in runs if part == TEST or part in run.confusions)


def _beside_test(variant: str, pairs: Sequence[Pair], data: DataFacts, at: int) -> Iterator[Fold]:
    """The matrices of base and variant on validation images and on training images, where every run kept them."""
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    runs = [run for side in sides for run in side]
    for part, images in SEEN.items():
        if len(_with_matrix(runs, part)) == len(runs):
            base, other = (shares(summed(side, data, part)) for side in sides)
            drawn = maps({"base": base, variant: other}, data, runs, f"confusion-{part}-{at}")
            yield Fold(f"Confusion matrices of {images}", (drawn,))


def maps(named: dict[str, Any], data: DataFacts, runs: Sequence[Run], name: str = "confusion") -> Multiples:
    """The matrix of the first recipe, then that of every other one and its difference to the first."""
    (base, first), *others = named.items()
    charts: list[HeatMap | None] = [_map(base, first, data, largest=100.0)]
    for at, (other, matrix) in enumerate(others):
        change = matrix - first
        charts += [None] * (at > 0)  # below the base
        charts.append(_map(other, matrix, data, largest=100.0))
        largest = float(abs(change).max()) or 1.0
        charts.append(_map(f"{other} minus {base}", change, data, largest=largest, is_difference=True))
    averaged = ", averaged over the seeds" if len(runs) > len(named) else ""
    compared = (
        "; differences are variant minus base, in points. Blue means more often and orange less often, and the heading "
        "gives the value of full color. On the diagonal, blue is better; elsewhere, it is worse"
    )
    return Multiples(
        name=name,
        title=f"confusion matrices of {' and '.join(named)}",
        caption="Each row is a true class, each column a predicted class. Numbers are percent of the row"
        f"{averaged}{compared if others else ''}. The color scale is a square root, so that rare mistakes are visible. "
        f"Descriptive only, without a test.{spoilt(runs)}",
        runs=ids(runs),
        charts=tuple(charts),
        columns=3,
        by="matrix",
    )


def _map(name: str, matrix: Any, data: DataFacts, *, largest: float, is_difference: bool = False) -> HeatMap:
    return HeatMap(
        name=name,
        title=f"confusion matrix: {visible(name)}",
        heading=f"{name} (±{largest:.1f})" if is_difference else name,
        rows=data.classes,
        columns=data.classes,
        values=tuple(tuple(short(float(value)) or 0.0 for value in row) for row in matrix),
        largest=largest,
        is_difference=is_difference,
    )


def _mistaken(variant: str, sides: Sequence[Any], pairs: Sequence[Pair], data: DataFacts) -> Beside:
    """The classes that are most often taken for others, by the base, by the variant, and where they differ most."""
    most = [_mistakes(who, matrix, data) for who, matrix in zip(("the base", variant), sides, strict=True)]
    changes = confusion_changes(pairs, data)
    changed = table(
        "changed",
        ("class", "taken for", "base >", "variant's >"),
        [(change.true, change.given, f"{change.base:.1f} %", f"{change.variant:.1f} %") for change in changes],
        title="Changed most",
    )
    return Beside((*most, changed))


def _mistakes(who: str, matrix: Any, data: DataFacts) -> Table:
    """The classes that are most often taken for others."""
    pairs = [(data.classes[pair.true], data.classes[pair.given], pair.share) for pair in mistakes(matrix)]
    return table(
        "mistaken",
        ("class", "taken for", "share >"),
        [(true, given, f"{100 * share:.1f} %") for true, given, share in pairs],
        [{"recipe": who, "class": true, "given": given, "share": share} for true, given, share in pairs],
        title=f"Most common mistakes of {who}",
    )


def _each_class(matrices: Mapping[str, Any], data: DataFacts, title: str) -> Table:
    """Each class with its images in one run, and precision, recall and F1 of each matrix; the means below."""
    reports = [class_report(matrix) for matrix in matrices.values()]
    images = [data.labels.count(at) for at in range(len(data.classes))] + [len(data.labels)] * 2
    rows = [
        *zip(data.classes, *(report.each for report in reports), strict=True),
        ("mean of the classes", *(report.macro for report in reports)),
        ("weighted by images", *(report.weighted for report in reports)),
    ]
    heads = [
        Head(f"{name}, {who}" if who else name, True, "" if at else WORDS[name])
        for name in ("precision", "recall", "F1")
        for at, who in enumerate(matrices)
    ]
    return table(
        "each class",
        ("class", "test images >", *heads),
        [
            (name, f"{count:,}", *(f"{100 * getattr(side, key):.1f}" for key in KEYS for side in sides))
            for (name, *sides), count in zip(rows, images, strict=True)
        ],
        title=title,
        caption=f"In percent{', from the answers of all seeds together' * (len(matrices) > 1)}.",
    )

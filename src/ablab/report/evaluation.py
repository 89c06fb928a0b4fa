"""What evaluations came to: a sentence for images as they are, and a table of errors for corrupted ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ablab.metric import ACCURACY, metric_of
from ablab.nouns import counted
from ablab.report.table import Cell, Table, table
from ablab.statistics.confusion import confused_pairs, confusion
from ablab.statistics.failures import rate_interval

if TYPE_CHECKING:
    from ablab.evaluation import Evaluation

NORMAL = 1.96  # standard errors to each side of a 95 % interval


def sentence(evaluation: Evaluation) -> str:
    """Accuracy with its exact interval, the other metrics, and what is mistaken most."""
    measured, classes = evaluation.measurement, evaluation.classes
    low, high = rate_interval(_right(evaluation), measured.images)
    others = {"loss": measured.loss, **measured.metrics}
    figures = ", ".join(f"{metric_of(name).title} {metric_of(name).show(value)}" for name, value in others.items())
    matrix = confusion(evaluation.labels, evaluation.predictions, len(classes))
    by_number = (
        f"\nThe classes of {evaluation.data} have no names, so its class 0 was compared with {classes[0]}, and so on."
        if evaluation.by_number
        else ""
    )
    return (
        f"{evaluation.data}: accuracy {metric_of(ACCURACY).show(measured.accuracy)} of "
        f"{counted(measured.images, 'image')} (95 % interval {100 * low:.2f} to {100 * high:.2f})\n"
        f"{figures}\nmost common mistakes: {confused_pairs(matrix, classes)}{by_number}"
    )


def corruption_table(evaluations: Sequence[Evaluation]) -> Table:
    """The error of each kind at each strength in percent, and their means."""
    corrupted = [each for each in evaluations if each.corruption is not None]
    kinds = list(dict.fromkeys(each.corruption.kind for each in corrupted if each.corruption))
    strengths = sorted({each.corruption.strength for each in corrupted if each.corruption})
    rows: list[list[str | Cell]] = []
    for kind in kinds:
        errors = {
            each.corruption.strength: _error(each)
            for each in corrupted
            if each.corruption and each.corruption.kind == kind
        }
        cells = [f"{errors[at]:.2f}" if at in errors else "-" for at in strengths]
        rows.append([kind, *cells, f"{statistics.fmean(errors.values()):.2f}"])
    rows.append([Cell("mean", "strong"), *("" for _ in strengths), Cell(f"{mean_error(evaluations):.2f}", "strong")])
    records = [
        {"corruption": str(each.corruption), "error": _error(each), "images": each.measurement.images}
        for each in corrupted
    ]
    heads = ["error in %", *(f"strength {at} >" for at in strengths), "mean >"]
    return table("corruptions", heads, rows, records, caption=_caption(evaluations))


def mean_error(evaluations: Sequence[Evaluation]) -> float:
    """The mean over kinds of the mean error over strengths, in percent."""
    kinds: dict[str, list[float]] = {}
    for each in evaluations:
        if each.corruption:
            kinds.setdefault(each.corruption.kind, []).append(_error(each))
    return statistics.fmean(map(statistics.fmean, kinds.values()))


def evaluation_value(evaluation: Evaluation) -> dict[str, Any]:
    """One evaluation for JSON."""
    measured = evaluation.measurement
    low, high = rate_interval(_right(evaluation), measured.images)
    return {
        "data": evaluation.data,
        "corruption": evaluation.corruption.kind if evaluation.corruption else None,
        "strength": evaluation.corruption.strength if evaluation.corruption else None,
        "images": measured.images,
        "accuracy": measured.accuracy,
        "interval": [low, high],
        "loss": measured.loss,
        **measured.metrics,
    }


def _caption(evaluations: Sequence[Evaluation]) -> str:
    low, high = _interval(evaluations)
    clean = next(each for each in evaluations if each.corruption is None)
    images = counted(clean.measurement.images, "image")
    return (
        f"{images}; the error without corruption is {_error(clean):.2f} %. The mean error has a 95 % interval of "
        f"{low:.2f} to {high:.2f}, for other images and one training run. It is a plain mean, not divided by the "
        "errors of a reference network. ablab draws the corruptions itself, from the definitions of CIFAR-10-C."
    )


def _interval(evaluations: Sequence[Evaluation]) -> tuple[float, float]:
    """Of the mean error: an image that is mistaken under one corruption often is under others, so images are the units.

    Each image counts with its mean over all corruptions.
    """
    import numpy as np

    corrupted = [each for each in evaluations if each.corruption]
    wrong = [np.asarray(each.predictions) != np.asarray(each.labels) for each in corrupted]
    kinds = [each.corruption.kind for each in corrupted if each.corruption]
    weights = [1 / kinds.count(kind) / len(set(kinds)) for kind in kinds]
    means = 100 * np.average(wrong, axis=0, weights=weights)
    reach = NORMAL * float(means.std()) / math.sqrt(len(means))
    return max(float(means.mean()) - reach, 0.0), min(float(means.mean()) + reach, 100.0)


def _right(evaluation: Evaluation) -> int:
    return round(evaluation.measurement.accuracy * evaluation.measurement.images)


def _error(evaluation: Evaluation) -> float:
    return 100 * (1 - evaluation.measurement.accuracy)

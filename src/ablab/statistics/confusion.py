"""Class by class: the confusion matrix of a run's predictions, and precision, recall and F1 with their means."""

import contextlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ablab.errors import StudyError

MANY = 20  # classes beyond which a matrix does not fit on a screen


@dataclass(frozen=True)
class OfClass:
    """One class, or a mean over all: shares from 0 to 1, and its images."""

    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True)
class ClassReport:
    """Every class in order, the plain mean, and the mean weighted by images."""

    each: tuple[OfClass, ...]
    macro: OfClass
    weighted: OfClass


def unpacked(predictions: bytes, classes: int) -> Any:
    """The class given to every test image, from a run's record: one byte each, two above 256 classes."""
    import numpy as np

    return np.frombuffer(predictions, "u1" if classes <= 256 else "<u2").astype(np.int64)


def confusion(labels: Any, given: Any, classes: int) -> Any:
    """How often each class, in a row, was given each answer, i64[K,K].

    >>> confusion([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    import numpy as np

    truth, answers = np.asarray(labels, np.int64), np.asarray(given, np.int64)
    if truth.shape != answers.shape:
        raise StudyError(f"{answers.size} answers for {truth.size} labels")
    for what, found in (("label", truth), ("answer", answers)):
        # an answer too large would be counted, without a word, in the row of another class
        if found.size and not 0 <= found.min() <= found.max() < classes:
            raise StudyError(f"a {what} is outside 0 to {classes - 1}: {found.min()} to {found.max()} were found")
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)


def unpacked_confusion(packed: bytes, classes: int) -> Any:
    """How often each class, in a row, was given each answer, i64[K,K], from the bytes in a run's record."""
    import numpy as np

    size = 4 * classes * classes
    unpack, counts = zlib.decompressobj(), b""
    with contextlib.suppress(zlib.error):
        counts = unpack.decompress(packed, size + 1)
    if len(counts) != size or not unpack.eof:
        raise StudyError(f"a confusion matrix of {classes} classes is damaged")
    return np.frombuffer(counts, "<u4").astype(np.int64).reshape(classes, classes)


def class_report(matrix: Any) -> ClassReport:
    """Precision, recall and F1; 0 where there is nothing to divide by (as scikit-learn's zero_division=0)."""
    import numpy as np

    right, rows, columns = np.diag(matrix).astype(float), matrix.sum(1), matrix.sum(0)
    precision = np.divide(right, columns, out=np.zeros_like(right), where=columns > 0)
    recall = np.divide(right, rows, out=np.zeros_like(right), where=rows > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(right), where=both > 0)
    # a class that is neither in the labels nor in the answers takes no part in the plain mean
    there = (rows + columns) > 0
    images = int(rows.sum())

    def mean(weights: Any) -> OfClass:
        total = max(float(weights.sum()), 1.0)
        shares = [float((one * weights).sum() / total) for one in (precision, recall, f1)]
        return OfClass(shares[0], shares[1], shares[2], images)

    each = zip(precision.tolist(), recall.tolist(), f1.tolist(), rows.tolist(), strict=True)
    return ClassReport(tuple(OfClass(*one) for one in each), mean(there.astype(float)), mean(rows.astype(float)))


@dataclass(frozen=True)
class Confused:
    """One mistake: images of the class `true` that were taken for `given`, and their share of that class."""

    true: int
    given: int
    count: int
    share: float


def mistakes(matrix: Any, most: int = 5) -> tuple[Confused, ...]:
    """The pairs that were mistaken most often, each with its share of the true class."""
    rows = matrix.sum(1)
    return tuple(Confused(i, j, count, count / int(rows[i])) for i, j, count in most_confused(matrix, most))


def most_confused(matrix: Any, most: int = 5) -> list[tuple[int, int, int]]:
    """The pairs (true class, answer) that were mistaken most often, with how often."""
    size = len(matrix)
    pairs = [(int(matrix[i][j]), i, j) for i in range(size) for j in range(size) if i != j and matrix[i][j]]
    return [(i, j, count) for count, i, j in sorted(pairs, key=lambda one: (-one[0], one[1:]))[:most]]


def confused_pairs(matrix: Any, names: Sequence[str], most: int = 3) -> str:
    """The pairs that were mistaken most, in words."""
    pairs = most_confused(matrix, most)
    return ", ".join(f"{names[i]} taken for {names[j]} {count:,} times" for i, j, count in pairs) or "none"

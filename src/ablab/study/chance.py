"""Chance: the accuracy up to which a recipe may have learned nothing, so that a comparison says little."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from ablab.metric import ACCURACY
from ablab.statistics.paired import mean
from ablab.study.verdict import Verdict


def chance_level(labels: Iterable[int] | None) -> float | None:
    """The accuracy in percent up to which a run may have learned nothing; None where the labels are not known.

    That is the accuracy of naming the most frequent class for every image, and two standard errors of test images.
    """
    counts = Counter(int(label) for label in labels) if labels is not None else Counter[int]()
    if not counts:
        return None
    images = counts.total()
    share = max(counts.values()) / images
    return 100 * min(1.0, share + 2 * math.sqrt(share * (1 - share) / images))


def sides_at_chance(verdict: Verdict, level: float | None) -> tuple[str, ...]:
    """The sides of a verdict whose mean accuracy is no better than chance."""
    if level is None or verdict.metric != ACCURACY:
        return ()
    sides: dict[str, Sequence[float]] = {"the base": verdict.base_accuracies, verdict.variant: verdict.accuracies}
    return tuple(name for name, values in sides.items() if values and mean(values) <= level)

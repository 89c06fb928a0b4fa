"""One answer from several data sets: the mean effect of a change over them, and how far they differ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ablab.metric import metric_of
from ablab.statistics.paired import differences
from ablab.statistics.pooling import Pooled, interquartile_mean, random_effects
from ablab.study.verdict import Verdict, signed


@dataclass(frozen=True)
class Summary:
    """The effects of one variant on all data sets, the first of which is the question's own."""

    variant: str
    cells: tuple[tuple[str, Verdict], ...]
    pooled: Pooled
    middle: tuple[float, float, float] | None  # interquartile mean with its interval, from five data sets on
    sentence: str


def summaries(verdicts: Mapping[str, Sequence[Verdict]]) -> tuple[Summary, ...]:
    """A summary of every variant that has an interval on two data sets or more."""
    names = [verdict.variant for verdict in next(iter(verdicts.values()), ())]
    found = []
    for at, name in enumerate(names):
        cells = tuple((data, there[at]) for data, there in verdicts.items() if there[at].sd is not None)
        if len(cells) > 1:
            found.append(_summary(name, cells, (1 - cells[0][1].confidence) / len(names)))
    return tuple(found)


def _summary(name: str, cells: tuple[tuple[str, Verdict], ...], alpha: float) -> Summary:
    gaps = [differences(verdict.base_accuracies, verdict.accuracies) for _, verdict in cells]
    effects = [math.fsum(each) / len(each) for each in gaps]
    errors = [(verdict.sd or 0.0) / math.sqrt(len(each)) for (_, verdict), each in zip(cells, gaps, strict=True)]
    pooled, middle = random_effects(effects, errors, alpha), interquartile_mean(gaps, alpha)
    return Summary(name, cells, pooled, middle, _sentence(name, cells, pooled, middle))


def _sentence(
    name: str, cells: tuple[tuple[str, Verdict], ...], pooled: Pooled, middle: tuple[float, float, float] | None
) -> str:
    verdict = cells[0][1]
    metric, digits = metric_of(verdict.metric), verdict.digits

    def shown(center: float, low: float, high: float) -> str:
        unit = f" {metric.gap_unit}".rstrip()
        return f"{signed(center, digits)}{unit} ({signed(low, digits)} to {signed(high, digits)})"

    low, high = metric.gain(pooled.low, pooled.high)
    told = "it helps on average" if low > 0 else "it hurts on average" if high < 0 else "no clear average effect"
    said = (
        f"{name} over {len(cells)} data sets: {shown(pooled.mean, pooled.low, pooled.high)}, {told}; the effects on "
        f"single data sets have a spread of {pooled.between:.{digits}f}"
    )
    return f"{said}; interquartile mean {shown(*middle)}." if middle else f"{said}."

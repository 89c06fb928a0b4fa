"""Effects: a picture of each change's effect with its interval, over the margin."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.records import Run
from ablab.report.chart import Axis, Intervals, Whisker
from ablab.report.means import ids, spoilt
from ablab.report.section import Part
from ablab.result import Result
from ablab.study import Verdict


@mark("section", "effects", title="Effects", place=30, absent=("dashboard", "terminal"), is_open=True)
def effects(result: Result) -> Iterator[Part]:
    """A picture for each metric that decides."""
    runs = [run for arm in result.arms for run in arm.runs]
    for at, verdicts in enumerate(result.decision.by_metric if result.verdicts else ()):
        yield intervals(verdicts, runs, is_first=not at)


def intervals(verdicts: Sequence[Verdict], runs: Sequence[Run], *, is_first: bool = True) -> Intervals:
    """Every effect with its interval, over the band of what is too small to matter; its name is that of a file."""
    first, metric = verdicts[0], metric_of(verdicts[0].metric)
    named = "" if is_first else f" by {metric.title}"
    unit = first.unit.replace("pp", "points")
    shared = f", {first.comparisons} comparisons together" if first.comparisons > 1 else ""
    return Intervals(
        name=f"effects{named}".replace(" ", "-"),
        title=f"effects of {len(verdicts)} changes with their intervals",
        caption=(
            f"Change of {metric.full_title} against the base, in {metric.gap_words}: mean over pairs of seeds (dot) "
            f"and its {100 * first.confidence:g} % interval (bar){shared}. The shaded band is the margin, "
            f"±{first.margin:.{first.digits}f} {unit}: an interval within the band means no practical difference; one "
            "that excludes zero (and is not within the band) means helps or hurts; any other is undecided."
            f"{equality_levels(verdicts)}{spoilt(runs)}"
        ),
        runs=ids(runs),
        axis=Axis("effect", f"{metric.gap_words} of {metric.full_title}"),
        intervals=tuple(
            Whisker(v.variant, v.effect, v.low, v.high, v.word, v.pairs, v.change, v.digits, v.label) for v in verdicts
        ),
        margin=first.margin,
        unit=unit,
    )


def equality_levels(verdicts: Sequence[Verdict]) -> str:
    """Which intervals have another level than the others: those that have shown equality by two one-sided tests."""
    levels = {verdict.level for verdict in verdicts if verdict.level != verdict.confidence}
    return "".join(
        f" The interval beside *no practical difference* has {100 * level:g} %: it excludes effects of the margin or "
        f"more on either side with an error rate of {50 * (1 - level):g} %."
        for level in levels
    )

"""Accuracies and effects: the table that a verdict rests on, with the accuracy of every recipe beside its effect."""

from collections.abc import Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.metric import Metric, metric_of
from ablab.records import Run
from ablab.report.means import DASH, effect_text, ends, mean_text, parts_of_mean, ratio_text, step
from ablab.report.section import Fold, Part
from ablab.report.style import LOOKS
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.result import Result
from ablab.statistics.paired import mean
from ablab.study import Verdict


@mark(
    "section",
    "accuracies",
    title="Accuracies and effects",
    place=33,
    tables=("verdicts",),
    absent=("dashboard", "terminal"),
    is_open=True,
)
def accuracies(result: Result) -> Iterator[Part]:
    """The table of verdicts for each metric that decides, and what else is known of each effect."""
    for at, verdicts in enumerate(result.decision.by_metric if result.verdicts else ()):
        yield verdict_table(verdicts, result.runs, explores=result.plan.explores, is_first=not at)
    if result.verdicts:
        yield Fold("More about each effect", (_details(result),))


def verdict_table(
    verdicts: Sequence[Verdict], runs: Sequence[Run] = (), *, explores: bool = False, is_first: bool = True
) -> Table:
    """The base and every variant: its mean, its effect, the pairs that this rests on and the verdict.

    The runs say on how many images each mean is measured, below which no interval is taken to be.
    """
    confidence = f"{100 * verdicts[0].confidence:g} %"
    base = max((verdict.base_accuracies for verdict in verdicts), key=len)
    metric = metric_of(verdicts[0].metric)
    grain = step(runs, metric)
    rows: list[tuple[str | Cell, ...]] = [
        ("base", "", "", mean_text(base, grain, metric), DASH, DASH, str(len(base)), DASH, "")
    ]
    rows += [
        (
            Cell(verdict.variant),
            Cell(verdict.change, "code"),
            f"{mean(verdict.base_accuracies):.{metric.digits}f}" if verdict.pairs else DASH,
            mean_text(verdict.accuracies, grain, metric),
            Cell(effect_text(verdict), "strong" if verdict.word in ("helps", "hurts") and not explores else ""),
            ends(verdict.low, verdict.high, "no interval yet", verdict.digits),
            str(verdict.pairs),
            ratio_text(verdict.cost_ratio),
            word(verdict, explores=explores),
        )
        for verdict in verdicts
    ]
    together = f", {verdicts[0].comparisons} comparisons together" if verdicts[0].comparisons > 1 else ""
    named = "" if is_first else f" by {metric.title}"
    return table(
        f"verdicts{named}",
        (
            "variant",
            Head("change", spare=1),
            Head(
                "base",
                True,
                "mean of the base over this variant's pairs; adding the effect gives the next column.",
                spare=2,
            ),
            Head(metric.head, True, spare=4),
            Head(metric.gap_head, True, WORDS["effect"]),
            Head(f"{confidence} interval", True, WORDS["interval"]),
            Head("n", True, "seed pairs behind the verdict; for the base, runs."),
            Head(
                "time",
                True,
                "training time relative to the base, the median over pairs; – if the runs were on different machines.",
                spare=3,
            ),
            "verdict",
        ),
        rows,
        [
            _record(None, base, grain, metric),
            *(_record(verdict, verdict.accuracies, grain, metric) for verdict in verdicts),
        ],
        title=f"Verdicts{named}",
        caption=f"Test {metric.title} in {metric.unit_words} with the plain 95 % interval of each mean; effects in "
        f"{metric.gap_words} with their {confidence} interval{together}; n pairs of seeds; "
        f"margin {metric.size(verdicts[0].margin)}.",
    )


def word(verdict: Verdict, *, explores: bool = False) -> Cell:
    """What explored has no verdict, whatever its interval says."""
    if explores:
        return Cell("exploratory")
    return Cell(verdict.label, LOOKS[verdict.word].kind)


def _record(verdict: Verdict | None, values: Sequence[float], grain: float, metric: Metric) -> dict[str, Any]:
    center, low, high = parts_of_mean(values, grain, metric)
    return {
        "variant": verdict.variant if verdict else "base",
        "change": verdict.change if verdict else "",
        "base": mean(verdict.base_accuracies) if verdict and verdict.pairs else None,
        metric.name: center,
        f"{metric.name}_low": low,
        f"{metric.name}_high": high,
        "effect": verdict.effect if verdict else None,
        "low": verdict.low if verdict else None,
        "high": verdict.high if verdict else None,
        "n": verdict.pairs if verdict else len(values),
        "confidence": verdict.confidence if verdict else None,
        "margin": verdict.margin if verdict else None,
        "time_ratio": verdict.cost_ratio if verdict else None,
        "verdict": verdict.word if verdict else "",
        "label": verdict.label if verdict else "",
        "is_biased": verdict.is_biased if verdict else None,
        "failed": verdict.failing.variant if verdict and verdict.failing else None,
        "base_failed": verdict.failing.base if verdict and verdict.failing else None,
        "seeds": verdict.failing.seeds if verdict and verdict.failing else None,
    }


def _details(result: Result) -> Table:
    return table(
        "effects in detail",
        (
            "variant",
            Head(
                "with other images",
                True,
                "the interval if the test images also varied; – if predictions are missing.",
            ),
            Head("sd", True, WORDS["sd"]),
            Head("error reduction", True, "share of the base's mean test error that the variant removes."),
            Head(
                "chance better",
                True,
                "probability that a run of the variant beats the run of the base with the same "
                "seed, if differences are normal.",
            ),
        ),
        [
            (
                verdict.name,
                ends(verdict.wide_low, verdict.wide_high, digits=verdict.digits),
                DASH if verdict.sd is None else f"{verdict.sd:.{verdict.digits}f}",
                DASH if verdict.error_reduction is None else f"{100 * verdict.error_reduction:+.1f} %",
                DASH if verdict.chance_better is None else chance(verdict.chance_better),
            )
            for verdict in result.decision.every
        ],
        title="More about each effect",
    )


def chance(share: float) -> str:
    """A chance in whole percent, and never certainty, which a few runs cannot give.

    >>> chance(0.751), chance(0.9999), chance(0.0)
    ('75 %', '> 99 %', '< 1 %')
    """
    return "> 99 %" if share > 0.99 else "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"

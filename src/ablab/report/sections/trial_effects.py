"""Effects of arguments: each with its interval and the verdict."""

from collections.abc import Iterator, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.nouns import counted
from ablab.report.chart import Axis, Intervals, Whisker
from ablab.report.means import DASH, ends, mean_text, ratio_text
from ablab.report.section import Part
from ablab.report.style import LOOKS
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.statistics.paired import mean
from ablab.study.verdict import signed
from ablab.trials.evidence import Series, grid
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict

EFFECT = "mean over pairs of the variant's figure minus the base's."


@mark("trial section", "effects", title="Effects", place=30, tables=("verdicts",), absent=("terminal",), is_open=True)
def effects(result: TrialResult) -> Iterator[Part]:
    """The intervals over the margin, and the table of verdicts."""
    yield intervals(result)
    yield verdict_table(result)


def intervals(result: TrialResult, names: Sequence[str] = ()) -> Intervals:
    """Every effect with its interval, over the band of what is too small to matter; of these variants, if any."""
    verdicts = [verdict for verdict in result.verdicts if not names or verdict.variant in names]
    study, metric = result.study, result.study.measure.metric
    shared = f", {len(study.variants)} comparisons together" if len(study.variants) > 1 else ""
    unit = metric.gap_unit.replace("pp", "points") or "units"
    return Intervals(
        name="effects",
        title=f"effects of {counted(len(verdicts), 'variant')} with their intervals",
        caption=(
            f"Change of {metric.title} against the base, in {metric.gap_words}: mean over pairs of seeds (dot) and its "
            f"{100 * study.rule.confidence:g} % interval (bar){shared}. The shaded band is the margin, "
            f"±{study.rule.margin:g} {unit}.{_equality_level(result)}"
        ),
        axis=Axis("effect", f"{metric.gap_words} of {metric.title}"),
        intervals=tuple(
            Whisker(v.variant, v.effect, v.low, v.high, v.word, v.pairs, v.arguments, metric.digits, v.label)
            for v in verdicts
        ),
        margin=study.rule.margin,
        unit=unit,
    )


def _equality_level(result: TrialResult) -> str:
    """Which intervals have another level than the others: those that have shown equality by two one-sided tests."""
    levels = {verdict.level for verdict in result.verdicts if verdict.level != verdict.confidence}
    return "".join(f" The interval beside no practical difference has {100 * level:g} %." for level in levels)


def verdict_table(result: TrialResult) -> Table:
    """The base and every variant: its mean, its effect, the pairs that this rests on and the verdict."""
    study, metric = result.study, result.study.measure.metric
    longest = max(result.verdicts, key=lambda verdict: verdict.pairs)
    base = longest.base_figures
    grain = grid(Series((), base, longest.figures), study.measure)
    base_failed = max(verdict.base_failures for verdict in result.verdicts)
    rows: list[tuple[str | Cell, ...]] = [
        (
            "base",
            Cell(study.base, "code"),
            "",
            mean_text(base, grain, metric),
            DASH,
            DASH,
            str(len(base)),
            str(base_failed),
            DASH,
            "",
        )
    ]
    for verdict in result.verdicts:
        step = grid(Series((), verdict.base_figures, verdict.figures), study.measure)
        is_strong = verdict.word in ("helps", "hurts")
        effect = DASH if verdict.effect is None else signed(verdict.effect, metric.digits)
        rows.append(
            (
                Cell(verdict.variant),
                Cell(verdict.arguments, "code"),
                f"{mean(verdict.base_figures):.{metric.digits}f}" if verdict.pairs else DASH,
                mean_text(verdict.figures, step, metric),
                Cell(effect, "strong" if is_strong else ""),
                ends(verdict.low, verdict.high, "no interval yet", metric.digits),
                str(verdict.pairs),
                str(verdict.failures),
                ratio_text(verdict.time_ratio),
                Cell(verdict.label, LOOKS[verdict.word].kind),
            )
        )
    return table(
        "verdicts",
        (
            "variant",
            Head("arguments", spare=1),
            Head("base", True, "mean of the base over this variant's pairs.", spare=2),
            Head(metric.head, True, spare=4),
            Head(metric.gap_head, True, EFFECT),
            Head(f"{100 * study.rule.confidence:g} % interval", True, WORDS["interval"]),
            Head("n", True, "seed pairs behind the verdict; for the base, trials."),
            Head("failed", True, "trials without a figure."),
            Head(
                "time",
                True,
                "relative to the base, the median over pairs; – if the trials were on different machines.",
                spare=3,
            ),
            "verdict",
        ),
        rows,
        [_record(result, None), *(_record(result, verdict) for verdict in result.verdicts)],
        title="Verdicts",
        caption=f"Means of {metric.title} in {metric.unit_words} with their plain 95 % intervals; "
        f"margin {metric.size(study.rule.margin)}.{_equality_level(result)}",
    )


def _record(result: TrialResult, verdict: TrialVerdict | None) -> dict[str, Any]:
    """A row as a program reads it; the base has no verdict."""
    base = max((one.base_figures for one in result.verdicts), key=len)
    figures = verdict.figures if verdict else base
    return {
        "variant": verdict.variant if verdict else "base",
        "arguments": verdict.arguments if verdict else result.study.base,
        "base": mean(verdict.base_figures) if verdict and verdict.pairs else None,
        result.study.measure.metric.name: mean(figures) if figures else None,
        "effect": verdict.effect if verdict else None,
        "low": verdict.low if verdict else None,
        "high": verdict.high if verdict else None,
        "n": len(figures),
        "confidence": result.study.rule.confidence,
        "margin": result.study.rule.margin,
        "failed": verdict.failures if verdict else max(one.base_failures for one in result.verdicts),
        "time_ratio": verdict.time_ratio if verdict else None,
        "verdict": verdict.word if verdict else "",
        "label": verdict.label if verdict else "",
    }

"""Explanations: the words, intervals, prices and warnings of an answer in plain sentences, with its own figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ablab.metric import Metric, metric_of
from ablab.nouns import counted
from ablab.report.section import Paragraph
from ablab.report.sections.cautions import cautions
from ablab.report.sections.chance import chance
from ablab.report.statement import Finding
from ablab.result import Result
from ablab.statistics.sequential import FOREVER
from ablab.study.verdict import Verdict, signed

if TYPE_CHECKING:
    from ablab.elsewhere.judge import Judged
    from ablab.study import Plan
    from ablab.study.forecast import Foresight
    from ablab.trials.result import TrialResult
    from ablab.trials.verdict import TrialVerdict


@dataclass(frozen=True)
class Explanation:
    """A term with its meaning in this answer, and the page that says more."""

    term: str
    text: str
    page: str

    def __str__(self) -> str:
        return f'{self.term}: {self.text} More: see "{self.page.removesuffix(".md")}" in the documentation.'


class Answer(Finding, Protocol):
    """A verdict with its numbers, which an explanation tells besides."""

    @property
    def variant(self) -> str: ...
    @property
    def effect(self) -> float | None: ...
    @property
    def pairs(self) -> int: ...


def of_result(result: Result | TrialResult) -> Iterator[Explanation]:
    """The verdicts of a study with their intervals and prices, and its warnings."""
    rule = result.study.rule
    verdicts: tuple[Verdict | TrialVerdict, ...] = result.decision.every
    for verdict in verdicts:
        yield of_word(verdict, _metric(result, verdict), verdict.margin)
        if verdict.low is None:
            yield _first_look(verdict, rule.seeds[0])
    levels = {verdict.level for verdict in result.decision.every if verdict.level != rule.confidence}
    yield of_interval(rule.confidence, len(result.decision.every), rule.seeds, *sorted(levels))
    yield _pairs(result.decision.every)
    if isinstance(result, Result):
        for verdict in result.verdicts:
            if verdict.cost_ratio is not None:
                yield _price(verdict.variant, verdict.cost_ratio, verdict.pairs)
        for part in (*chance(result), *cautions(result)):
            if isinstance(part, Paragraph):
                yield Explanation(
                    f"warning, {part.lead.rstrip(':')}", part.text[:1].upper() + part.text[1:], "report.md"
                )


def _metric(result: Result | TrialResult, verdict: Verdict | TrialVerdict) -> Metric:
    if isinstance(verdict, Verdict):
        return metric_of(verdict.metric)
    assert not isinstance(result, Result)
    return result.study.measure.metric


def of_judged(judged: Judged) -> Iterator[Explanation]:
    """The verdicts on runs from elsewhere."""
    for one in judged.compared:
        yield of_word(one, judged.metric, judged.rule.margin)
    yield of_interval(judged.rule.confidence, len(judged.compared), None)
    yield _pairs(judged.compared)


def of_plan(plan: Plan, foresight: Foresight) -> Iterator[Explanation]:
    """The figures of a plan: its plan hash, the noise that it expects, and the effects that it can detect."""
    rule = plan.study.rule
    metric = metric_of(rule.metric)
    unit, margin = f" {metric.gap_unit}".rstrip(), metric.size(rule.margin)
    yield Explanation(
        f"margin {margin}",
        "The smallest effect that you consider worth having. A smaller effect counts as no practical difference, even "
        "if it is real.",
        "studies.md",
    )
    yield Explanation(
        f"plan {plan.hash}",
        "The fingerprint of the question, recipes, rule and data. The first run locks the plan. If the file "
        "changes, it makes a different plan, so nobody can choose the margin or the seeds after seeing results.",
        "studies.md",
    )
    if foresight.spread is not None:
        yield Explanation(
            f"expected sd {foresight.spread:.{metric.digits}f}{unit}",
            "The expected spread of the difference between variant and base from seed to seed "
            f"({foresight.source}). With half the spread, a study needs about a quarter of the pairs.",
            "noise.md",
        )
    known = [reach for reach in foresight.reaches if reach.points is not None]
    if reach := next((one for one in known if one.seeds == rule.seeds[1]), None):
        size = f"{reach.points:.{metric.digits}f}{unit}"
        yield Explanation(
            f"detects {size} (80 % power)",
            f"If the true effect is {size}, 4 of 5 such studies with up to {counted(reach.seeds, 'seed')} detect it: "
            "their interval excludes 0. A smaller effect more often ends as undecided.",
            "looks.md",
        )
    if foresight.equality is not None:
        pairs = counted(foresight.equality, "pair")
        yield Explanation(
            f"up to {pairs}",
            f"If the change does nothing at all, the interval needs up to {pairs} to fit inside ±{margin}.",
            "looks.md",
        )


def of_word(verdict: Answer, metric: Metric, margin: float) -> Explanation:
    """Why a variant got its word."""
    unit, size = f" {metric.gap_unit}".rstrip(), metric.size(margin)
    if verdict.low is None or verdict.high is None:
        text = "There is no interval yet, so there is no conclusion yet."
        return Explanation(f"{verdict.variant}, {verdict.word}", text, "looks.md")
    low, high = (signed(end, metric.digits) for end in (verdict.low, verdict.high))
    interval = f"The interval, {low} to {high}{unit},"
    if verdict.word == "no practical difference":
        text = (
            f"{interval} lies inside the margin of ±{size}. The effect, if there is one, is smaller than the smallest "
            "effect that you consider worth having. That is a stronger result than merely not finding an effect."
        )
    elif verdict.word == "undecided":
        text = (
            f"{interval} includes 0 and reaches beyond the margin of ±{size}. These runs are compatible with "
            "an effect of 0 and with one that matters, so they cannot tell. Undecided does not mean no difference."
        )
    else:
        is_beyond = min(abs(verdict.low), abs(verdict.high)) > margin
        beyond = "All of it lies beyond" if is_beyond else "It includes effects smaller than"
        better = "better" if verdict.word == "helps" else "worse"
        text = f"{interval} excludes 0, and the variant is {better}. {beyond} the margin of {size}."
    return Explanation(f"{verdict.variant}, {verdict.word}", text, "looks.md")


def of_interval(confidence: float, comparisons: int, seeds: tuple[int, int] | None, *equalities: float) -> Explanation:
    """What the intervals promise together, and why they are wider than those of a textbook."""
    share = f"{100 * confidence:g} %"
    text = (
        f"If this study were repeated with other seeds, all its intervals would contain the true effects in {share} of"
    )
    text += " the repeats, or more."
    reasons = []
    if seeds and seeds[0] < seeds[1]:
        last = f"to {seeds[1]}" if seeds[1] < FOREVER else "on"
        reasons.append(f"you may look after every pair from {seeds[0]} {last}")
    if comparisons > 1:
        reasons.append(f"{comparisons} comparisons share one error rate of {100 * (1 - confidence):.2g} %")
    if reasons:
        text += f" They are wider than a single t interval, because {' and because '.join(reasons)}."
    for level in equalities:
        text += (
            f" The interval of a verdict of no practical difference has {100 * level:g} %, that of two one-sided tests."
        )
    return Explanation(f"{share} interval", text, "looks.md")


def _first_look(verdict: Answer, least: int) -> Explanation:
    return Explanation(
        counted(verdict.pairs, "pair"),
        f"The study looks at {counted(least, 'pair')} first, because fewer cannot show the size of the noise.",
        "looks.md",
    )


def _pairs(verdicts: Iterable[Answer]) -> Explanation:
    counts = sorted({verdict.pairs for verdict in verdicts})
    n = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1]))) if counts else "0"
    return Explanation(
        f"n = {n}",
        "Pairs of runs. The base and the variant of a pair share a seed, and with it their random draws, so much "
        "of the noise cancels in the difference. A few pairs can show an effect that would need many unpaired runs.",
        "looks.md",
    )


def _price(variant: str, ratio: float, pairs: int) -> Explanation:
    return Explanation(
        f"{variant}, {ratio:.2f} times the training time",
        f"The median over {counted(pairs, 'pair')} of the variant's time divided by the base's, on one machine. "
        "Whether the effect is worth that cost is your decision: verdicts do not include it.",
        "report.md",
    )

"""TrialVerdict: one of the four words on a variant, with the numbers that it rests on."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ablab.nouns import counted
from ablab.statistics.paired import mean
from ablab.study.outlook import coming, pairs_anew
from ablab.study.verdict import Word, signed, word_at
from ablab.trial import Outcome
from ablab.trials.evidence import Evidence
from ablab.trials.plan import Plan


@dataclass(frozen=True)
class TrialVerdict:
    """Does the variant help? Figures are in the unit of the study, shares in percent."""

    variant: str
    arguments: str
    word: Word
    sentence: str
    effect: float | None  # mean of variant minus base; None before the first pair
    low: float | None  # ends of the interval; None before the first look
    high: float | None
    level: float  # of the interval
    pairs: int
    margin: float
    confidence: float
    is_negligible: bool  # real, and smaller than the margin
    base_figures: tuple[float, ...]
    figures: tuple[float, ...]
    tried: int  # seeds that were looked at
    failures: int  # of the variant
    base_failures: int
    where_both_finish: bool
    time_ratio: float | None  # of the variant's time to the base's, median over pairs; None unless on one machine
    known: int  # of its trials, so many had results when the plan was locked
    needed: int | None  # more pairs that would settle an effect as large as the margin, while seeds are left
    anew: int | None  # pairs of a new study that would
    is_fixed: bool  # no seed changes a figure

    @property
    def name(self) -> str:
        return self.variant

    @property
    def label(self) -> str:
        """The word with what limits it."""
        limits = (("where both finish", self.where_both_finish), ("known before", bool(self.known)))
        said = ", ".join(limit for limit, holds in limits if holds)
        return f"{self.word} ({said})" if said else self.word

    def __repr__(self) -> str:
        seen = "" if self.effect is None else f", effect {signed(self.effect, 4)}"
        return f"<TrialVerdict {self.variant}: {self.label}{seen}, {counted(self.pairs, 'pair')}>"


def judge(plan: Plan, evidence: Evidence) -> TrialVerdict:
    """The verdict that the evidence allows, without its sentence."""
    rule, metric, series = plan.study.rule, plan.study.measure.metric, evidence.series
    last = evidence.looks[-1] if evidence.looks else None
    word, is_negligible = word_at(last, rule.margin, metric) if last else ("undecided", False)
    shown = last.equality if last and last.equality and word == "no practical difference" else last
    gaps = series.differences
    needed, anew = _outlook(plan, evidence)
    return TrialVerdict(
        variant=evidence.arm.name,
        arguments=evidence.arm.arguments,
        word=word,
        sentence="",
        effect=mean(gaps) if gaps else None,
        low=shown.interval.low if shown else None,
        high=shown.interval.high if shown else None,
        level=round(1 - 2 * rule.alpha, 12) if last and shown is last.equality else rule.confidence,
        pairs=len(gaps),
        margin=rule.margin,
        confidence=rule.confidence,
        is_negligible=is_negligible,
        base_figures=series.base,
        figures=series.variant,
        tried=evidence.tried,
        failures=evidence.failures,
        base_failures=evidence.base_failures,
        where_both_finish=evidence.where_both_finish,
        time_ratio=time_ratio(evidence),
        known=_known(plan, [outcome for pair in evidence.pairs for outcome in pair]),
        needed=needed,
        anew=anew,
        is_fixed=evidence.is_fixed,
    )


def time_ratio(evidence: Evidence) -> float | None:
    """The median over pairs of how much longer the variant took, where all trials ran on one machine."""
    pairs = [pair for pair in evidence.pairs if all(outcome.figures and outcome.seconds > 0 for outcome in pair)]
    if not pairs or len({outcome.machine for pair in pairs for outcome in pair}) > 1:
        return None
    return statistics.median(after.seconds / before.seconds for before, after in pairs)


def _known(plan: Plan, outcomes: Iterable[Outcome]) -> int:
    """How many of these trials had ended when the plan was locked."""
    return sum(bool(plan.locked) and outcome.time < plan.locked for outcome in outcomes)


def _outlook(plan: Plan, evidence: Evidence) -> tuple[int | None, int | None]:
    """The pairs that would settle an effect as large as the margin: more of this study, and of a new one."""
    rule = plan.study.rule
    if not evidence.looks or evidence.is_decided(rule.margin):
        return None, None
    look = evidence.looks[-1]
    if evidence.tried >= rule.seeds[1]:
        return None, pairs_anew(look, rule, plan.alpha)
    direction = -1.0 if look.interval.mean < 0 else 1.0
    enough = coming(evidence.series.differences, look, rule, direction * rule.margin).pairs()
    return enough - look.pairs if enough else None, None

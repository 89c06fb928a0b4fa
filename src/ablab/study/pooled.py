"""Pooled: the answer of a study and its replications together, where the plan said so before the first answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.records import Run
from ablab.statistics.repeated import pooled_design, pooled_look
from ablab.study.failures import Scale, Series, every_pair, present
from ablab.study.plan import Plan
from ablab.study.question.variant import Variant
from ablab.study.verdict import Verdict, Word, signed, word_at

Answer = tuple[Plan, Sequence[Run], Sequence[Verdict]]  # one asking: its plan, its runs, what they say


@dataclass(frozen=True)
class Pooled:
    """What all answers together say of a variant, in the metric's unit."""

    variant: str
    word: Word
    label: str  # the word with what limits it
    sentence: str
    effect: float | None  # None where no pair has a difference
    low: float | None  # ends of the interval; None while there are too few pairs for a look
    high: float | None
    level: float  # of the interval: the study's confidence, or that of two one-sided tests
    pairs: int
    answers: int


def pooled(answers: Sequence[Answer], classes: int | None) -> tuple[Pooled, ...]:
    """The first answer with as many of its replications as the plan pools; nothing where it pools none."""
    first = answers[0][0]
    taken = answers[: 1 + first.study.rule.pool]
    if len(taken) < 2:
        return ()
    return tuple(_pooled(at, variant, taken, classes) for at, variant in enumerate(first.study.variants))


def _pooled(at: int, variant: Variant, answers: Sequence[Answer], classes: int | None) -> Pooled:
    plan, _, firsts = answers[0]
    rule, metric = plan.study.rule, plan.metric
    verdicts = [verdicts[at] for _, _, verdicts in answers]
    several = [_series(plan, variant, runs, verdicts[at], classes) for plan, runs, verdicts in answers]
    differences = [gap for series in several for gap in series.differences]
    steps = [metric.step(run) for series in several for pair in series.pairs for run in pair if run.test]
    look = pooled_look(differences, max(steps, default=0.0), pooled_design(plan.design, rule.pool))
    word, _ = word_at(look, rule.margin, metric) if look else ("undecided", False)
    equality = look.equality if look and word == "no practical difference" else None
    shown = equality or look
    seen = shown.interval if shown else None
    limits = [("biased", firsts[at].is_biased), ("known before", any(one.known for one in verdicts))]
    said = ", ".join(limit for limit, holds in limits if holds)
    answer = Pooled(
        variant=variant.name,
        word=word,
        label=f"{word} ({said})" if said else word,
        sentence="",
        effect=sum(differences) / len(differences) if differences else None,
        low=seen.low if seen else None,
        high=seen.high if seen else None,
        level=round(1 - 2 * rule.alpha, 12) if equality else rule.confidence,
        pairs=len(differences),
        answers=len(answers),
    )
    return replace(answer, sentence=_sentence(answer, firsts[at]))


def _series(plan: Plan, variant: Variant, runs: Iterable[Run], verdict: Verdict, classes: int | None) -> Series:
    """The pairs of one answer, up to the look at which it ended; a run that failed counts as it ended."""
    scale = Scale(plan.metric, classes, plan.protocol.counts_failures)
    found = {(run.spec.recipe.hash, plan.place(run.spec)): run for run in runs}
    base, other = plan.study.base.hash, variant.recipe.hash
    both = [(found.get((base, seed)), found.get((other, seed))) for seed in range(verdict.tried)]
    return every_pair(present(both, scale)[0], scale)


def _sentence(answer: Pooled, first: Verdict) -> str:
    many = f"{counted(answer.pairs, 'seed pair')} of {answer.answers} answers"
    if answer.low is None or answer.high is None or answer.effect is None:
        return f"{answer.variant}, pooled, is undecided: {many} are too few for an interval."
    unit = metric_of(first.metric).gap_unit
    low, high, effect = (signed(number, first.digits) for number in (answer.low, answer.high, answer.effect))
    interval = f"{100 * answer.level:g} % interval {low} to {high}"
    return (
        f"{answer.variant}, pooled: {answer.label}: {f'{effect} {unit}'.rstrip()} ({interval}), {many}, "
        f"margin {first.size(first.margin)}."
    )

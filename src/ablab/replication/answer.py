"""What becomes of a claim: confirmed, refuted, undecided, not trained enough to tell, not testable here, or not run.

The rule. A claim about a difference is confirmed where the 95 % interval of the difference lies wholly on the claimed
side of 0, and refuted where it lies wholly on the other side or wholly within the margin, which is no practical
difference. "Equal" is confirmed within the margin, and refuted where the interval lies wholly beyond it. Where a claim
names a size, the answer is about the direction, and the sentence says whether the interval holds that size. A claim
about one recipe's figure compares the interval of its mean with the number. A claim about parameters and operations is
computed. Nothing is said where the base has not learned: below twice chance, or more than 5 points below the accuracy
that the report gives for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ablab.metric import ACCURACY, metric_of
from ablab.replication.evidence import (
    FAR,
    Comparison,
    Repeated,
    compared,
    mean_interval,
    of_study,
    size_of,
    unpaired,
    values,
)
from ablab.replication.facts import fact
from ablab.replication.measures import MEASURES, Measure
from ablab.replication.published_report import Claim, Figures, PublishedReport
from ablab.result import Arm, Result
from ablab.statistics.paired import Interval
from ablab.study.failures import Scale

Printed = tuple[str, float]  # the measure and the figure
Word = Literal["confirmed", "refuted", "undecided", "not trained enough to tell", "not testable here", "not run"]


@dataclass(frozen=True)
class Answer:
    """What became of one claim, with the figures that the word rests on."""

    claim: Claim
    word: Word
    ours: str = ""  # both figures, or the one
    effect: Interval | None = None
    unit: str = ""
    pairs: int = 0
    size: str = ""  # epochs and training images
    is_full: bool = False  # at the published size
    remark: str = ""


def answers(report: PublishedReport, repeated: Sequence[Repeated]) -> tuple[Answer, ...]:
    """Every claim of a report, in its order."""
    printed = _printed(report.figures, repeated)
    return tuple(answer(claim, repeated, printed) for claim in report.claims)


def answer(claim: Claim, repeated: Sequence[Repeated], printed: Mapping[str, Printed]) -> Answer:
    """What the runs, or a computation, say of a claim."""
    if claim.why:
        return Answer(claim, "not testable here", remark=claim.why)
    if claim.fact:
        return _computed(claim)
    there = of_study(repeated, claim.study, claim.data)
    if there is None:
        return Answer(claim, "not run", remark="the study is missing")
    if claim.value is not None:
        return _of_one_recipe(claim, there)
    if claim.against_study or claim.against_data:
        return _across(claim, there, repeated)
    result = there.largest({claim.recipe, claim.against})
    if result is None:
        return _broken(claim, there) or Answer(claim, "not run", remark=_command(there))
    base, variant = result.arm(claim.against), result.arm(claim.recipe)
    assert base is not None
    assert variant is not None
    measure = MEASURES[claim.measure]
    if measure.is_time and not all(_is_whole(name, there, result) for name in (claim.against, claim.recipe)):
        remark = f"shortened training takes other times; {_command(there)}"
        return Answer(claim, "not run", size=size_of(result.runs), remark=remark)
    untrained = _untrained(base, claim.against, there, result, printed)
    return _judged(claim, compared(base, variant, measure, result), result, untrained)


def _broken(claim: Claim, there: Repeated) -> Answer | None:
    """The answer of a recipe whose runs all broke down, at least three of them: it has no accuracy, so it has less."""
    for result in there.results:
        base, variant = result.arm(claim.against), result.arm(claim.recipe)
        if base is None or variant is None or variant.measured or MEASURES[claim.measure].unit != "%":
            continue
        if len(base.measured) >= 3 and len(variant.runs) >= 3:
            word: Word = "confirmed" if claim.says == "lower" else "refuted"
            return Answer(
                claim,
                _denied(word, claim),
                ours=f"{len(variant.runs)} of {len(variant.runs)} runs broke down",
                size=size_of(base.runs),
                is_full=result.study.scale == "full",
                pairs=len(variant.runs),
            )
    return None


def _judged(claim: Claim, comparison: Comparison | None, result: Result, untrained: str) -> Answer:
    measure = MEASURES[claim.measure]
    known = Answer(claim, "undecided", size=size_of(result.runs), is_full=result.study.scale == "full")
    if comparison is None:
        return replace(known, remark="its runs do not have this figure")
    shown = f"{measure.show(comparison.variant)} against {measure.show(comparison.base)}"
    word: Word = "undecided"
    remark = ""
    if untrained and not measure.is_time:
        word, remark = "not trained enough to tell", untrained
    elif comparison.effect is None:
        remark = f"{comparison.pairs} pairs are too few for an interval"
    else:
        margin = measure.margin if claim.within is None else claim.within
        word = verdict(claim.says, comparison.effect, margin, is_ratio=measure.is_ratio)
        remark = _named_size(claim, comparison.effect, measure)
    unit = "times" if measure.is_ratio else measure.gap_unit
    return replace(
        known,
        word=_denied(word, claim),
        ours=shown,
        effect=comparison.effect,
        unit=unit,
        pairs=comparison.pairs,
        remark=remark,
    )


def verdict(says: str, seen: Interval, margin: float, *, is_ratio: bool = False) -> Word:
    """The word that an interval of a difference, or of a ratio, gives to a claim about it.

    >>> verdict("higher", Interval(2.0, 1.0, 0.5, 3.5), 1.0), verdict("lower", Interval(2.0, 1.0, 0.5, 3.5), 1.0)
    ('confirmed', 'refuted')
    >>> verdict("equal", Interval(0.1, 1.0, -0.4, 0.6), 1.0), verdict("higher", Interval(0.1, 1.0, -0.4, 0.6), 1.0)
    ('confirmed', 'refuted')
    """
    none, low_end, high_end = (1.0, 1 / (1 + margin), 1 + margin) if is_ratio else (0.0, -margin, margin)
    is_equal = low_end < seen.low and seen.high < high_end
    if says == "equal":
        return "confirmed" if is_equal else "refuted" if seen.low > high_end or seen.high < low_end else "undecided"
    is_above, is_below = seen.low > none, seen.high < none
    if is_above or is_below:
        return "confirmed" if is_above == (says == "higher") else "refuted"
    return "refuted" if is_equal else "undecided"


def _named_size(claim: Claim, seen: Interval, measure: Measure) -> str:
    if claim.by is None:
        return ""
    named = f"{claim.by:g} times" if measure.is_ratio else f"{claim.by:+g} {measure.gap_unit}".rstrip()
    if seen.low <= claim.by <= seen.high:
        return f"the size that it names, {named}, lies inside the interval"
    return f"the size that it names, {named}, lies outside the interval"


def _denied(word: Word, claim: Claim) -> Word:
    """The report calls the sentence false: it is right where the sentence is refuted."""
    if not claim.denied:
        return word
    turned: dict[Word, Word] = {"confirmed": "refuted", "refuted": "confirmed"}
    return turned.get(word, word)


def _of_one_recipe(claim: Claim, there: Repeated) -> Answer:
    result = there.largest({claim.recipe})
    if result is None:
        return Answer(claim, "not run", remark=_command(there))
    arm, measure = result.arm(claim.recipe), MEASURES[claim.measure]
    assert arm is not None
    assert claim.value is not None
    seen = list(values(arm, measure).values())
    known = Answer(claim, "undecided", size=size_of(result.runs), is_full=result.study.scale == "full")
    if len(seen) < 3:
        return replace(known, remark=f"{len(seen)} runs have this figure", pairs=len(seen))
    mean, plain = mean_interval(seen, measure)
    assert plain is not None
    gap = Interval(mean - claim.value, plain.sd, plain.low - claim.value, plain.high - claim.value)
    margin = measure.margin if claim.within is None else claim.within
    if claim.says == "higher":  # at least the number, less the margin
        word: Word = "confirmed" if gap.low > -margin else "refuted" if gap.high < -margin else "undecided"
    else:
        word = verdict(claim.says, gap, margin)
    if word != "confirmed" and claim.measure == "test" and result.study.scale != "full":
        word = "not trained enough to tell"
    return replace(
        known,
        word=_denied(word, claim),
        ours=measure.show(mean),
        effect=plain,
        unit=measure.unit,
        pairs=len(seen),
    )


def _across(claim: Claim, there: Repeated, repeated: Sequence[Repeated]) -> Answer:
    """Recipes of two studies, or on two data sets: their runs share no randomness, so they are not paired."""
    other = of_study(repeated, claim.against_study or claim.study, claim.against_data)
    ours = there.largest({claim.recipe})
    theirs = other.largest({claim.against}) if other else None
    if ours is None or theirs is None or other is None:
        return Answer(claim, "not run", remark=_command(there if ours is None else other or there))
    variant, base = ours.arm(claim.recipe), theirs.arm(claim.against)
    assert base is not None
    assert variant is not None
    untrained = _below_chance(variant, ours) or _below_chance(base, theirs)
    answered = _judged(claim, unpaired(base, variant, MEASURES[claim.measure]), ours, untrained)
    both = f"{answered.size}; {size_of(theirs.runs)}" if size_of(theirs.runs) != answered.size else answered.size
    full = ours.study.scale == theirs.study.scale == "full"
    return replace(answered, size=both, is_full=full)


def _computed(claim: Claim) -> Answer:
    number = fact(claim.fact)
    if claim.value is not None:
        holds = abs(number - claim.value) <= (claim.within or 0.0)
    else:
        holds = (claim.above is None or number > claim.above) and (claim.below is None or number < claim.below)
    word: Word = "confirmed" if holds else "refuted"
    return Answer(claim, _denied(word, claim), f"{number:,.4g}" if number < 1e4 else f"{number:,.0f}", size="computed")


def _printed(figures: Iterable[Figures], repeated: Sequence[Repeated]) -> dict[str, Printed]:
    """The accuracy that the report prints of each recipe, by the hash of the recipe at full size."""
    printed: dict[str, Printed] = {}
    for entry in sorted(figures, key=lambda entry: bool(entry.elsewhere)):  # the report's own text comes first
        there = of_study(repeated, entry.study, entry.data)
        known = next((name for name in ("best_val", "last_val", "test") if name in entry.values), None)
        if there and known:
            printed.setdefault(there.whole(entry.recipe).hash, (known, entry.values[known]))
    return printed


def _untrained(base: Arm, name: str, there: Repeated, result: Result, printed: Mapping[str, Printed]) -> str:
    """Why nothing can be said yet, if the base has not learned enough."""
    if low := _below_chance(base, result):
        return low
    measure, reported = printed.get(there.whole(name).hash, ("test", 0.0))
    reached = [value for value in map(MEASURES[measure].of, base.measured) if value is not None]
    if reached and (mean := sum(reached) / len(reached)) < reported - FAR:
        return f"{name} has {mean:.1f} % where the report has {reported:.1f} %"
    return ""


def _is_whole(name: str, there: Repeated, result: Result) -> bool:
    """Whether a recipe's network and batch are those of the full size; how long it is trained does not matter."""
    ours, whole = result.study.named[name], there.whole(name)
    return (ours.model, ours.options, ours.batch) == (whole.model, whole.options, whole.batch)


def _below_chance(arm: Arm, result: Result) -> str:
    if not arm.measured or result.data is None:
        return ""
    mean = sum(run.points or 0.0 for run in arm.measured) / len(arm.measured)
    scale = Scale(metric_of(ACCURACY), len(result.data.classes), True)
    return f"{arm.name} has {mean:.1f} %, and chance is {scale.chance:g} %" if mean < scale.line else ""


def _command(there: Repeated) -> str:
    study = there.studies[0]
    return f"ablab run {study.words}"

"""Where robust statistics of the same pairs disagree with a verdict, in a sentence.

They never change a word: a check that is chosen after looking would add false findings. They say which words rest on
few pairs. No check of pairs can protect against skew of one arm alone: mean and median then differ, and the mean is
what was asked for.
"""

from ablab.metric import metric_of
from ablab.statistics.paired import differences
from ablab.statistics.robust import Robust, robust
from ablab.study.verdict import Verdict, signed, word_for

NORMAL = 0.642  # the winsorized sd (a fifth at each end) of normal values, times their sd
WILD = 2.0  # times the spread that the middle of the pairs shows: beyond that, outliers make the interval wide


def robust_of(verdict: Verdict) -> Robust | None:
    """The robust figures of the pairs that a verdict rests on; None before its first look."""
    if not verdict.looks:
        return None
    gaps = differences(verdict.base_accuracies, verdict.accuracies)
    last = verdict.looks[-1]
    return robust(gaps[: last.pairs], last.multiplier, grid=metric_of(verdict.metric).grid)


def doubt(verdict: Verdict) -> str:
    """What the robust figures say against the word, as a sentence; nothing where they agree with it."""
    seen = robust_of(verdict)
    if seen is None or verdict.effect is None:
        return ""
    unit, digits = verdict.unit, verdict.digits
    if verdict.word in ("helps", "hurts"):
        if seen.center * verdict.effect <= 0 or abs(seen.center) < abs(verdict.effect) / 2:
            center = f"{signed(seen.center, digits)} {unit}".rstrip()
            return f"This effect depends on a few pairs: the typical pair (Hodges-Lehmann) shows {center}."
        if not seen.sees_effect:
            return f"A test that does not assume normal differences (sign flips) is less certain: p = {seen.p:.2g}."
    if verdict.word == "undecided" and seen.trimmed and (verdict.sd or 0.0) > WILD * seen.trimmed.sd / NORMAL:
        low, high = seen.trimmed.low, seen.trimmed.high
        word, _ = word_for(*metric_of(verdict.metric).gain(low, high), verdict.margin)
        if word != "undecided":
            count = seen.left_out
            ends = (
                "highest and the lowest difference" if count == 1 else f"{count} highest and {count} lowest differences"
            )
            shown = f"{signed(low, digits)} to {signed(high, digits)} {unit}".rstrip()
            return f'Outliers keep this undecided: without the {ends} the interval is {shown}, which would be "{word}".'
    return ""

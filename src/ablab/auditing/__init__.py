"""audit(): what published accuracies allow one to conclude, with the arithmetic, and the faults that can be seen.

A gap of single runs never gives a verdict on its size. It is set against the noise that runs of one recipe may have;
only where no such noise would give it is it called far beyond noise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ablab.auditing.claims import Claim
from ablab.auditing.faults import Fault, method_faults, not_said
from ablab.auditing.noise import (
    FAR,
    LENGTHS,
    guessed_floor,
    have_spread,
    least_images,
    mean_error,
    percent,
    sds_of,
    share_of_repeats,
    spread_of,
    usual_sd,
    welch,
)
from ablab.auditing.quantities import named
from ablab.auditing.sentences import Sentence, check
from ablab.errors import InputError
from ablab.nouns import counted
from ablab.statistics.paired import needed_pairs, relative_error_reduction

ALPHA = 0.05

Word = Literal["no verdict", "undecided", "beyond noise", "far beyond noise", "smaller than the margin"]


@dataclass(frozen=True)
class Noise:
    """How often the same recipe twice would give such a gap, if its runs spread so far."""

    sd: float  # points, of single runs
    share: float
    pairs: int | None  # of runs that would settle a gap of this size; None if 10,000 would not do


@dataclass(frozen=True)
class Judgement:
    """What one figure against the base allows one to conclude. Differences are in points."""

    name: str
    base: str
    accuracy: float
    base_accuracy: float
    difference: float
    word: Word
    sentence: str
    arithmetic: tuple[str, ...]
    noise: tuple[Noise, ...]
    floor: float | None  # a guess of the least sd between runs, from the size of the test set
    low: float | None  # ends of the interval of the difference, where runs and their spread are known
    high: float | None
    error_reduction: float | None  # share of the base's errors that is gone
    usual_sd: float  # points from run to run that recipes like these show
    pairs_for_margin: int | None  # that would settle an effect of the margin at that noise


SHOWN = 5  # judgements, where an audit is shown in a line


@dataclass(frozen=True, repr=False)
class Audit:
    """The judgements, each against the first claim, the sentences that were checked, and the faults of method."""

    claims: tuple[Claim, ...]
    judgements: tuple[Judgement, ...]
    sentences: tuple[Sentence, ...]
    faults: tuple[Fault, ...]
    not_said: tuple[str, ...]
    remarks: tuple[str, ...]
    margin: float

    def __repr__(self) -> str:
        words = ", ".join(f"{one.name}: {one.word}" for one in self.judgements[:SHOWN])
        more = f" and {len(self.judgements) - SHOWN} more" if len(self.judgements) > SHOWN else ""
        return f"<Audit of {counted(len(self.claims), 'claim')}: {words}{more}>"

    @property
    def needs_study(self) -> bool:
        """Whether runs are too few for any of the differences."""
        return any(judgement.word in ("no verdict", "undecided") for judgement in self.judgements)

    @property
    def open_gap(self) -> float | None:
        """The smallest gap that is left open, in points; None where nothing is."""
        gaps = [abs(one.difference) for one in self.judgements if one.word in ("no verdict", "undecided")]
        return min(gaps, default=None)


_SPREAD = (
    "a spread is given without the number of runs: it may be an sd, a standard error or an interval, and ablab "
    "takes it as the sd of single runs"
)


def audit(
    claims: Sequence[Claim | float],
    *,
    test_size: int | None = None,
    sentences: Sequence[str] = (),
    remarks: Sequence[str] = (),
    margin: float = 0.5,
) -> Audit:
    """Judge published accuracies (in percent; the first is the base) and sentences about percentages.

    >>> audit([73.20, 74.19], test_size=10_000).judgements[0].sentence
    'one run each: no verdict; noise alone gives such a gap in about 52 % of repeats at a run-to-run sd of 1.1 pp'
    >>> audit([66.14, 72.06], test_size=5_000).judgements[0].word
    'far beyond noise'
    """
    if not (math.isfinite(margin) and 0 < margin < 100):
        raise InputError(f"margin = {margin:g}: give the smallest effect worth having, in points, such as 0.5")
    given = [claim if isinstance(claim, Claim) else Claim(float(claim)) for claim in claims]
    if len(given) == 1:
        raise InputError(
            f"one number only ({given[0].accuracy:g} %): a second one to compare it with is wanted, such as: "
            f"ablab audit {given[0].accuracy:g} {min(given[0].accuracy + 1, 100):g} --test-size 10000"
        )
    if not given and not sentences:
        raise InputError("there is nothing to judge: give two accuracies, such as: ablab audit 73.20 74.19")
    told = tuple(
        replace(claim, name=named(claim.name) or letter(at), test_size=claim.test_size or test_size)
        for at, claim in enumerate(given)
    )
    checked = tuple(check(sentence) for sentence in sentences)
    comparisons = len(told) - 1
    return Audit(
        claims=told,
        judgements=tuple(judge(told[0], claim, comparisons=comparisons, margin=margin) for claim in told[1:]),
        sentences=checked,
        faults=(*method_faults(told), *(_sentence_fault(one) for one in checked if one.is_fault)),
        not_said=not_said(told),
        remarks=(*remarks, *([_SPREAD] if any(one.sd and not one.seeds for one in told) else [])),
        margin=margin,
    )


def judge(base: Claim, claim: Claim, *, comparisons: int = 1, margin: float = 0.5) -> Judgement:
    """One claim against the base; with several comparisons, each may spend its part of the error."""
    gap, alpha = round(claim.accuracy - base.accuracy, 9), ALPHA / comparisons
    sds = sorted({*sds_of(base, claim), *(sd for sd in (base.sd, claim.sd) if sd and not have_spread(base, claim))})
    noise = tuple(Noise(sd, *_by_chance(gap, sd, base, claim, alpha)) for sd in sds)
    floor, error = guessed_floor(base, claim), mean_error(base, claim)
    low, high, shown = _interval(base, claim, alpha)
    arithmetic = [
        _difference_line(base, claim, gap),
        *_noise_lines(noise, gap, base, claim),
        *_measured_line(gap, base, claim),
        *_floor_lines(floor, error, base, claim),
        *shown,
    ]
    worst = max(sds[-1], floor * LENGTHS["very short"] if floor is not None else 0.0)
    is_far = gap != 0 and share_of_repeats(gap, worst, base, claim) * comparisons < FAR
    word = _word(low, high, margin, is_measured=have_spread(base, claim), is_far=is_far)
    reduction = relative_error_reduction([base.accuracy], [claim.accuracy])
    if reduction is not None and gap:
        kind = "fewer" if gap > 0 else "more"
        arithmetic.append(
            f"errors: {abs(gap):.2f} / {100 - base.accuracy:.2f} = {100 * abs(reduction):.1f} % {kind} than the base's"
        )
    return Judgement(
        name=claim.name,
        base=base.name,
        accuracy=claim.accuracy,
        base_accuracy=base.accuracy,
        difference=gap,
        word=word,
        sentence=_sentence(word, gap, base, claim, low, high, worst, margin, comparisons),
        arithmetic=tuple(arithmetic),
        noise=noise,
        floor=floor,
        low=low,
        high=high,
        error_reduction=reduction,
        usual_sd=usual_sd(base, claim),
        pairs_for_margin=needed_pairs(margin, math.sqrt(2) * usual_sd(base, claim), alpha),
    )


def _interval(base: Claim, claim: Claim, alpha: float) -> tuple[float | None, float | None, list[str]]:
    """The interval of the difference where the runs' spread is known: from their own runs, or from elsewhere."""
    level, gap = f"{100 * (1 - alpha):.4g} % interval", claim.accuracy - base.accuracy
    if have_spread(base, claim):
        freedom, low, high = welch(base, claim, alpha)
        formula = f"sqrt({_show(base.sd)}² / {base.seeds} + {_show(claim.sd)}² / {claim.seeds})"
        said = f"Welch's {level}: {gap:+.2f} ± t({freedom:.1f}) × {formula} = {low:+.2f} to {high:+.2f} pp"
        return low, high, [said]
    if base.sd and claim.sd and base.seeds == claim.seeds == 1:  # told from elsewhere: one run shows no spread
        from scipy.special import ndtri

        half = -float(ndtri(alpha / 2)) * math.hypot(base.sd, claim.sd)
        formula = f"sqrt({_show(base.sd)}² + {_show(claim.sd)}²)"
        said = f"{level}, if that sd is right: {gap:+.2f} ± {half / math.hypot(base.sd, claim.sd):.2f} × {formula}"
        return gap - half, gap + half, [f"{said} = {gap - half:+.2f} to {gap + half:+.2f} pp"]
    return None, None, []


def _by_chance(gap: float, sd: float, base: Claim, claim: Claim, alpha: float) -> tuple[float, int | None]:
    return share_of_repeats(gap, sd, base, claim), needed_pairs(gap, math.sqrt(2) * sd, alpha) if gap else None


def _word(low: float | None, high: float | None, margin: float, *, is_measured: bool, is_far: bool) -> Word:
    if low is not None and high is not None:
        if -margin < low and high < margin:
            return "smaller than the margin"
        if low > 0 or high < 0:
            return "far beyond noise" if is_far else "beyond noise"
        return "undecided" if is_measured else "no verdict"
    return "far beyond noise" if is_far else "no verdict"


def _sentence(
    word: Word,
    gap: float,
    base: Claim,
    claim: Claim,
    low: float | None,
    high: float | None,
    worst: float,
    margin: float,
    comparisons: int,
) -> str:
    runs = _runs(base, claim)
    if low is not None and high is not None and word != "no verdict":
        level = f"{100 * (1 - ALPHA):g} % interval" + (
            f", {comparisons} comparisons together" if comparisons > 1 else ""
        )
        ends = f"{low:+.2f} to {high:+.2f} pp ({level})"
        if word == "undecided":
            return f"{runs}: undecided; the difference could be anywhere from {ends}"
        if not have_spread(base, claim):
            runs += ", if that sd is right"
        if word == "smaller than the margin":
            return f"{runs}: any difference is smaller than {margin:g} pp: {ends}"
        return f"{runs}: {word}; the difference is {ends}"
    if word == "far beyond noise":
        share = percent(share_of_repeats(gap, worst, base, claim))
        said = f"{runs}: far beyond noise; such a gap appears in {share} of repeats even at a run-to-run sd"
        said += f" of {worst:.1f} pp"
        least = least_images(gap, base, claim, comparisons)
        if not (base.test_size or claim.test_size):
            said += f", provided that the test set has about {least:,} images or more"
        return f"{said}; single runs cannot show the average effect"
    if gap == 0:
        return f"{runs}: no verdict; equal accuracies do not show that the recipes are equally good"
    known = [sd for sd in (base.sd, claim.sd) if sd]
    sd = max(known) if known else usual_sd(base, claim)
    share = percent(share_of_repeats(gap, sd, base, claim))
    about = "" if share.startswith("under") else "about "
    said = f"noise alone gives such a gap in {about}{share} of repeats at a run-to-run sd of {sd:g} pp"
    return f"{runs}: no verdict; {said}"


def _runs(base: Claim, claim: Claim) -> str:
    seeds = (base.seeds or 1, claim.seeds or 1)
    if seeds == (1, 1):
        return "one run each"
    if seeds[0] != seeds[1]:
        return f"{seeds[0]} and {seeds[1]} runs"
    return f"{seeds[0]} runs each" if have_spread(base, claim) else f"{seeds[0]} runs each, spread not reported"


def _difference_line(base: Claim, claim: Claim, gap: float) -> str:
    return f"difference: {claim.accuracy:.2f} - {base.accuracy:.2f} = {gap:+.2f} pp"


def _noise_lines(noise: Sequence[Noise], gap: float, base: Claim, claim: Claim) -> list[str]:
    if gap == 0:
        return []
    if max(one.share for one in noise) < 1e-4:
        return [
            f"the same recipe twice gives such a gap in under 0.01 % of repeats at any sd up to {noise[-1].sd:g} pp"
        ]
    seeds = (base.seeds or 1, claim.seeds or 1)
    root = "√2" if seeds == (1, 1) else f"√(1/{seeds[0]} + 1/{seeds[1]})"
    shares = "; ".join(f"{percent(one.share)} at sd {one.sd:g}" for one in noise)
    edge = abs(gap) / (1.96 * math.sqrt(1 / seeds[0] + 1 / seeds[1]))
    return [
        f"the same recipe twice gives a gap of {abs(gap):.2f} pp or more in 2·(1 - Φ({abs(gap):.2f} / (sd·{root}))) of "
        f"repeats: {shares} pp",
        f"so it is unusual (under 5 % of repeats) only if the run-to-run sd is below {edge:.2f} pp",
    ]


def _measured_line(gap: float, base: Claim, claim: Claim) -> list[str]:
    """Where the upper end of the range comes from."""
    if gap == 0 or have_spread(base, claim):
        return []
    seen = spread_of(base, claim)
    length = f"{seen.passes} passes over it or more" if seen.passes else "less than 2 passes over it"
    return [
        f"runs of one recipe spread by {seen.middle:.2f} pp in half of {seen.recipes} recipes that ablab trained on "
        f"CIFAR-10 (small networks, {length}), and by {seen.high:.2f} pp or more in a tenth"
    ]


def _floor_lines(floor: float | None, error: float, base: Claim, claim: Claim) -> list[str]:
    sizes = [size for size in (base.test_size, claim.test_size) if size]
    if floor is None or not sizes:
        return []
    sds = ", ".join(f"{factor * floor:.2f} pp for {length} training" for length, factor in LENGTHS.items())
    one = 100 * math.sqrt(error * (1 - error) / min(sizes))
    return [
        f"an estimate of that sd: √(0.38·{error:.3f} / {min(sizes):,}) = {floor:.2f} pp at least: {sds}",
        "with other test images of the same kind, each accuracy would move by about "
        f"√({error:.3f}·{1 - error:.3f} / {min(sizes):,}) = "
        f"{one:.2f} pp; more runs do not reduce that",
    ]


def _sentence_fault(sentence: Sentence) -> Fault:
    return Fault(
        "percent and points",
        f'"{sentence.text}": {sentence.says}',
        "a percentage of a percentage can be read in two ways: 36 % below 73.8 % is 47.2 % relatively and 37.8 % "
        "in points; "
        'write points ("pp") for differences of accuracies',
    )


def _show(number: float | None) -> str:
    return f"{number:g}"


def letter(at: int) -> str:
    """What a figure without a name is called."""
    return chr(ord("A") + at) if at < 26 else f"figure {at + 1}"

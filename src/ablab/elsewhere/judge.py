"""Verdicts on runs that were trained elsewhere: the pairs, intervals and words of studies, at one look.

What makes a study's verdict blind cannot be known here: whether the margin, the variants and the number of seeds were
chosen before anybody saw a result, and how often somebody looked. So there is one look at all pairs, which is right if
the number of seeds was fixed beforehand, and every verdict says that it rests on this.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ablab.elsewhere.columns import Score, Table
from ablab.elsewhere.repeats import refuse_repeats
from ablab.elsewhere.scale import Scale
from ablab.elsewhere.suspicions import suspicions
from ablab.errors import InputError, did_you_mean
from ablab.metric import Metric
from ablab.nouns import counted
from ablab.statistics.paired import differences, mean, sd
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design, Look
from ablab.statistics.welch import welch_half
from ablab.study.question.rule import LEAST
from ablab.study.verdict import Word, signed, word_at, word_for

BASES = ("base", "baseline", "control")  # names of variants that say what they are


@dataclass(frozen=True)
class Rule:
    """What decides."""

    margin: float
    confidence: float = 0.95

    @property
    def alpha(self) -> float:
        return 1 - self.confidence


@dataclass(frozen=True)
class Compared:
    """One variant against the base, in the unit of the metric."""

    variant: str
    word: Word
    effect: float | None
    low: float | None
    high: float | None
    pairs: int
    is_paired: bool
    base: tuple[float, ...]
    values: tuple[float, ...]
    sentence: str
    level: float  # of the interval: the confidence, or that of two one-sided tests where these have shown equality
    is_negligible: bool = False  # real, and smaller than the margin


@dataclass(frozen=True)
class Judged:
    """The verdicts of all variants, and what a reader must know of them."""

    base: str
    metric: Metric
    rule: Rule
    compared: tuple[Compared, ...]
    remarks: tuple[str, ...]


def judge(table: Table, base: str | None, rule: Rule, scale: Scale, images: int | None = None) -> Judged:
    """Each variant against the base: paired by seeds where there are any, else by Welch's interval."""
    names = list(dict.fromkeys(score.variant for score in table.scores))
    if len(names) < 2:
        raise InputError(f"all runs are of one variant, {names[0]}: a comparison needs two, the base and another")
    chosen = _base(names) if base is None else base
    if chosen not in names:
        raise InputError(f"--base {chosen}: there is no such variant: {did_you_mean(chosen, names)}")
    refuse_repeats(table.rows, table.scores)
    metric, factor = scale.metric, scale.factor
    known = {name: _by_seed(name, table.scores, factor) for name in names}
    grid = 100 / images if images and metric.unit == "%" else factor * 10.0**-table.decimals
    others = [name for name in names if name != chosen]
    sides = {name: _sides(known[chosen], known[name]) for name in others}
    looks = _looks(sides, rule, grid)
    alpha = rule.alpha / len(others)  # of each comparison that is not of pairs
    compared = tuple(
        _compared(name, known[chosen], known[name], sides[name], looks[name], rule, metric, alpha) for name in others
    )
    why = "the first variant" if chosen == names[0] else "by its name"
    said = [f'base: "{chosen}", {why}; --base NAME chooses another'] if base is None else []
    remarks = (*table.remarks, *said, *scale.remarks, *_remarks(table, known, chosen, len(others)))
    return Judged(chosen, metric, rule, compared, remarks)


def _base(names: Sequence[str]) -> str:
    """The variant whose name says that it is the base, alone or below a folder; else the first."""
    return next((name for name in names if name.rpartition("/")[2].lower() in BASES), names[0])


def _by_seed(name: str, scores: Sequence[Score], factor: int) -> dict[str, float | None]:
    """The figures of a variant by seed; runs without a seed are numbered, and have no partner."""
    found: dict[str, float | None] = {}
    for at, score in enumerate(each for each in scores if each.variant == name):
        seed = f"#{name}/{at}" if score.seed is None else score.seed
        found[seed] = None if score.value is None else factor * score.value
    return found


def _sides(base: Mapping[str, float | None], other: Mapping[str, float | None]) -> list[tuple[float, float]]:
    both = [(base[seed], other[seed]) for seed in base if seed in other]
    return [(left, right) for left, right in both if left is not None and right is not None]


def _looks(sides: Mapping[str, Sequence[tuple[float, float]]], rule: Rule, grid: float) -> dict[str, Look | None]:
    """One look at all pairs of each variant; where all have equally many, found effects pass their error on."""
    counts = {len(pairs) for pairs in sides.values()}
    paths = {name: differences(*zip(*pairs, strict=True)) if pairs else () for name, pairs in sides.items()}
    if len(counts) == 1 and (n := counts.pop()) >= LEAST:
        design = Design(n, n, rule.alpha, len(sides), rule.margin, is_single_look=True)
        taken = recycled_looks(list(paths.values()), [grid] * len(paths), design)
        return {name: looks[-1] if looks else None for name, looks in zip(paths, taken, strict=True)}
    found: dict[str, Look | None] = {}
    for name, path in paths.items():
        design = Design(len(path), len(path), rule.alpha / len(sides), 1, rule.margin, is_single_look=True)
        found[name] = recycled_looks([path], [grid], design)[0][-1] if len(path) >= LEAST else None
    return found


def _compared(
    name: str,
    base: Mapping[str, float | None],
    other: Mapping[str, float | None],
    sides: Sequence[tuple[float, float]],
    look: Look | None,
    rule: Rule,
    metric: Metric,
    alpha: float,
) -> Compared:
    level, is_negligible = rule.confidence, False
    alone = [[value for value in side.values() if value is not None] for side in (base, other)]
    is_paired = bool(base.keys() & other.keys())
    left, right = zip(*sides, strict=True) if sides else ((), ())
    if not is_paired and all(len(side) >= LEAST for side in alone):
        left, right = tuple(alone[0]), tuple(alone[1])
        low, high = welch(left, right, alpha)
        word, is_negligible = word_for(*metric.gain(low, high), rule.margin)
        effect: float | None = mean(right) - mean(left)
        ends: tuple[float | None, float | None] = (low, high)
    elif look is None:
        word, effect, ends = "undecided", mean(differences(left, right)) if sides else None, (None, None)
    else:
        word, is_negligible = word_at(look, rule.margin, metric)
        shown = look.equality if look.equality and word == "no practical difference" else look
        effect, ends = look.interval.mean, (shown.interval.low, shown.interval.high)
        level = round(1 - 2 * rule.alpha, 12) if shown is look.equality else level
    pairs = len(sides) if is_paired else min(map(len, alone))
    values = (tuple(left), tuple(right))
    found = Compared(name, word, effect, *ends, pairs, is_paired, *values, "", level, is_negligible)
    return replace(found, sentence=_sentence(found, rule, metric))


def welch(left: Sequence[float], right: Sequence[float], alpha: float) -> tuple[float, float]:
    """The ends of Welch's t interval of the difference of two means.

    >>> [round(end, 3) for end in welch([1.0, 2.0, 3.0], [4.0, 6.0, 8.0], 0.05)]
    [-0.155, 8.155]
    """
    errors = [sd(side) / math.sqrt(len(side)) for side in (left, right)]
    if not any(errors):
        raise InputError("all runs of each variant have the same figure, and without any spread there is no interval")
    gap, half = mean(right) - mean(left), welch_half(errors, (len(left), len(right)), alpha)
    return gap - half, gap + half


def _sentence(one: Compared, rule: Rule, metric: Metric) -> str:
    margin = f"margin {metric.size(rule.margin)}"
    how = (
        counted(one.pairs, "seed pair") if one.is_paired else f"{len(one.base)} and {len(one.values)} runs, not paired"
    )
    if one.effect is None or one.low is None or one.high is None:
        return (
            f"{one.variant}: undecided after {how}; a verdict needs at least {LEAST} pairs of finished runs ({margin})."
        )
    effect, low, high = (signed(number, metric.digits) for number in (one.effect, one.low, one.high))
    interval = f"{100 * one.level:g} % interval {low} to {high}"
    seen = f"{effect} {metric.gap_unit}".rstrip() + f" ({interval}), {how}, {margin}"
    verb = {"no practical difference": "makes no practical difference", "undecided": "is undecided"}.get(
        one.word, one.word
    )
    return f"{one.variant} {verb}: {seen}."


def _remarks(table: Table, known: Mapping[str, Mapping[str, float | None]], base: str, variants: int) -> list[str]:
    said = [*_losses(table, known), *suspicions(known, base)]
    for name, runs in known.items():
        alone = len(runs.keys() ^ known[base].keys()) if runs.keys() & known[base].keys() else 0
        if alone:
            said.append(f"skipped {counted(alone, 'seed')} of {name} or {base}, because the other has no run with it")
        if name != base and not runs.keys() & known[base].keys():
            said.append(
                f"{name} and {base} have no seed in common: ablab compares them as separate groups, with wider "
                "intervals"
            )
    if variants > 1:
        said.append(f"{variants} comparisons share the confidence")
    said.append(
        "ablab cannot know whether the margin, variants and seeds were chosen before any result was known, or how "
        "often somebody looked at the results. The verdicts hold if they were, and if this is the only look"
    )
    return said


def _losses(table: Table, known: Mapping[str, Mapping[str, float | None]]) -> Iterator[str]:
    """How many runs of each variant failed or have no figure."""
    for name in known:
        runs = [score for score in table.scores if score.variant == name]
        failed = [score.failure for score in runs if score.failure]
        bare = sum(score.value is None and not score.failure for score in runs)
        if failed:
            states = ", ".join(dict.fromkeys(failed))
            many = f"{counted(len(failed), 'run')} of {name} failed or did not end ({states})"
            yield f"{many}; {_left_out(len(failed))}"
        if bare:
            yield f"{counted(bare, 'run')} of {name} {'has' if bare == 1 else 'have'} no figure; {_left_out(bare)}"


def _left_out(many: int) -> str:
    return (
        "its pair is skipped, which may favor that variant"
        if many == 1
        else "their pairs are skipped, which may favor that variant"
    )

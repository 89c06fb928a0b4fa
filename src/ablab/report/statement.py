"""What to write: a verdict as sentences for a paper, and the entry that cites ablab."""

from __future__ import annotations

import re
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ablab.metric import Metric, metric_of
from ablab.nouns import counted
from ablab.report.writers import latex, markdown
from ablab.result import Result
from ablab.statistics.sequential import FOREVER
from ablab.study import Verdict
from ablab.study.chance import chance_level, sides_at_chance
from ablab.study.sentence import condition
from ablab.study.verdict import Word, signed
from ablab.trials.plan import RULE
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict
from ablab.version import VERSION

Form = Literal["text", "markdown", "latex"]
WIDTH = 100
FINDINGS = {
    "helps": "The variant helps: the interval excludes zero",
    "hurts": "The variant hurts: the interval excludes zero",
    "no practical difference": "There is no practical difference: the interval lies within the margin of ±{margin}",
    "undecided": "The comparison is undecided: the interval includes zero and reaches beyond the margin of ±{margin}",
}


class Finding(Protocol):
    """What verdicts of recipes, of programs and of runs from elsewhere share."""

    @property
    def word(self) -> Word: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def level(self) -> float: ...
    @property
    def is_negligible(self) -> bool: ...


@dataclass(frozen=True)
class Setting:
    """What a statement tells beside the numbers of a verdict."""

    what: str  # was compared: "cnn3 on cifar10"
    share: str  # a seed: "training runs"
    title: str  # of the metric
    metric: Metric
    change: str  # that the variant is
    values: tuple[Sequence[float], Sequence[float]]  # of the variant and of the base
    conditions: tuple[str, ...]
    comparisons: int
    known: str  # what had results when the plan was locked; empty where nothing had
    rule: int  # the version of the rules that decide


def statement(result: Result | TrialResult, verdict: Verdict | TrialVerdict) -> str:
    """Figures with their spread, the effect with its interval, n, the finding, the conditions and the method."""
    if isinstance(verdict, TrialVerdict):
        assert isinstance(result, TrialResult)
        setting = _of_program(result, verdict)
    else:
        assert isinstance(result, Result)
        setting = _of_recipes(result, verdict)
    return " ".join([*_figures(verdict, setting), *setting.conditions, _method(result, verdict, setting)])


def _of_recipes(result: Result, verdict: Verdict) -> Setting:
    base, metric, known = result.study.base, metric_of(verdict.metric), verdict.known
    return Setting(
        what=f"{base.model} on {result.data.name if result.data else base.data}",
        share="training runs",
        title=metric.full_title,
        metric=metric,
        change=verdict.change,
        values=(verdict.accuracies, verdict.base_accuracies),
        conditions=tuple(_conditions(result, verdict)),
        comparisons=verdict.comparisons,
        known=counted(known.seen, "run") if known else "",
        rule=result.plan.protocol.version,
    )


def _of_program(result: TrialResult, verdict: TrialVerdict) -> Setting:
    measure = result.study.measure
    return Setting(
        what=f"the program {result.study.subject.shown}",
        share="calls",
        title=measure.metric.title,
        metric=measure.metric,
        change=verdict.arguments,
        values=(verdict.figures, verdict.base_figures),
        conditions=tuple(_failures_of_program(verdict, measure.guess is not None)),
        comparisons=len(result.study.variants),
        known=counted(verdict.known, "call") if verdict.known else "",
        rule=RULE,
    )


def written(result: Result | TrialResult, form: Form) -> str:
    """The statements of all verdicts in one form; in LaTeX, the BibTeX entry follows as a comment."""
    return in_form([statement(result, verdict) for verdict in result.decision.every], form, bibtex(result))


def in_form(texts: Sequence[str], form: Form, entry: str) -> str:
    """Statements in one form, with the BibTeX entry that LaTeX cites."""
    if form == "markdown":
        return "\n\n".join(markdown.paragraph(text) for text in texts)
    if form == "latex":
        comment = "\n".join(f"% {line}" for line in entry.splitlines())
        return "\n\n".join([*map(_in_latex, texts), f"% for the file of references:\n{comment}"])
    return "\n\n".join(texts)


def bibtex(result: Result | TrialResult) -> str:
    """The entry of ablab, with the year of the last run and the plan that was carried out."""
    if isinstance(result, TrialResult):
        years = [outcome.time[:4] for outcome in result.outcomes.values()]
    else:
        years = [run.origin.time[:4] for run in result.runs if run.origin]
    return bibtex_entry(f"Version {VERSION}; plan {result.plan.hash}", max(years, default=""))


def bibtex_entry(note: str, year: str = "") -> str:
    """The entry of ablab with a note, and a year where one is known."""
    fields = {
        "title": "{ablab}: controlled experiments on image classifiers",
        "author": "{The ablab authors}",
        **({"year": year} if year else {}),
        "note": note,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@misc{ablab,", *lines, "}"])


def at_chance(result: Result, verdict: Verdict) -> tuple[str, ...]:
    """The sides of a verdict whose mean accuracy is no better than chance."""
    return sides_at_chance(verdict, chance_level(result.data.labels) if result.data else None)


def _figures(verdict: Verdict | TrialVerdict, setting: Setting) -> Iterator[str]:
    metric, n = setting.metric, counted(verdict.pairs, "pair")
    is_same = setting.change in ("", verdict.variant)
    named = verdict.variant if is_same else f"{verdict.variant} ({setting.change})"
    if verdict.effect is None:
        yield f"With {named}, no pair of {setting.share} of {setting.what} has been measured yet."
        return
    means = [spread(values, metric) for values in setting.values]
    yield (
        f"With {named}, {setting.what} reached a mean {setting.title} of {means[0]}, against {means[1]} without "
        f"it (n = {n} of {setting.share} that share a seed)."
    )
    yield difference(verdict.effect, verdict, metric, "pairs")
    if verdict.low is not None:
        yield finding(verdict, metric, verdict.margin, verdict.confidence)


def difference(effect: float, found: Finding, metric: Metric, few: str) -> str:
    """The mean difference with its interval; without one, what it is that there are too few of."""
    unit = metric.gap_words if metric.unit else ""
    text = f"The mean difference was {signed(effect, metric.digits)} {unit}".rstrip()
    if found.low is None or found.high is None:
        return f"{text}; so few {few} allow no interval and no conclusion."
    low, high = (signed(end, metric.digits) for end in (found.low, found.high))
    return f"{text} ({100 * found.level:g} % confidence interval {low} to {high})."


def spread(values: Sequence[float], metric: Metric) -> str:
    """The mean with its unit, and the standard deviation where there are several values."""
    mean = f"{statistics.fmean(values):.{metric.digits}f} {metric.unit}".rstrip()
    return mean if len(values) < 2 else f"{mean} (SD {statistics.stdev(values):.{metric.digits}f})"


def finding(verdict: Finding, metric: Metric, margin: float, confidence: float) -> str:
    """What the interval says about zero and about the margin; a verdict without an interval has no finding."""
    assert verdict.low is not None
    assert verdict.high is not None
    size = metric.size(margin)
    said = FINDINGS[verdict.word].format(margin=size)
    if verdict.word in ("helps", "hurts"):
        is_beyond = verdict.low > margin or verdict.high < -margin
        said += f" and {'lies beyond' if is_beyond else 'includes effects smaller than'} the margin of {size}"
    if verdict.is_negligible:
        said += f", though the {100 * confidence:g} % interval excludes zero"
    return f"{said}."


def _conditions(result: Result, verdict: Verdict) -> Iterator[str]:
    recipe = result.study.named[verdict.variant]
    yield condition(result.study.base, recipe, is_tuned=result.study.has_tuned_rates)
    if failing := verdict.failing:
        if failing.base or failing.variant:
            yield (
                f"Of {counted(failing.seeds, 'run')} each, {failing.variant} of the variant and {failing.base} of the "
                "base failed or ended near chance."
            )
        if failing.where_both_train:
            yield "The comparison covers only the seeds where both trained."
        if failing.chance is not None:
            yield f"Runs without a measurement count as chance ({failing.chance:.0f} %)."
    if verdict.is_biased:
        yield "Epochs were chosen on the test set, so these accuracies are too high."
    if sides := at_chance(result, verdict):
        yield f"The accuracy of {' and '.join(sides)} is no better than chance, so the networks learned little."


def _failures_of_program(verdict: TrialVerdict, counts_failures: bool) -> Iterator[str]:
    """What became of calls without a figure."""
    if not (verdict.failures or verdict.base_failures):
        return
    yield (
        f"Of {counted(verdict.tried, 'call')} each, {verdict.failures} of the variant and {verdict.base_failures} of "
        "the base failed."
    )
    if not counts_failures:
        yield "The comparison leaves out their pairs."
    elif verdict.where_both_finish:
        yield "The comparison covers only the seeds where both finished."
    else:
        yield "They count as chance."


def _method(result: Result | TrialResult, verdict: Verdict | TrialVerdict, setting: Setting) -> str:
    """How the interval was made, by which version and plan."""
    known = f"; {setting.known} had results when the plan was locked" if setting.known else ""
    source = f"(ablab {VERSION}, rule {setting.rule}, plan {result.plan.hash})."
    if verdict.low is None:
        return f"The margin was set in the plan{known} {source}"
    least, most = result.study.rule.seeds
    span = f"at {least} to {most:,} pairs" if most < FOREVER else f"after every pair from {least} on"
    reasons = [f"looks {span}"] if least < most else []
    reasons += [f"{setting.comparisons} comparisons"] if setting.comparisons > 1 else []
    adjusted = f", adjusted for {' and for '.join(reasons)}" if reasons else ""
    is_equality = verdict.level != verdict.confidence
    kind = "that of two one-sided t tests of" if is_equality else "based on Student's t for"
    return f"The interval is {kind} paired differences{adjusted}; the margin was set in the plan{known} {source}"


def _in_latex(text: str) -> str:
    """The statement in lines of LaTeX, its last parenthesis with the reference."""
    signed_text = re.sub(r"(?<![\w=])-(?=\d)", "−", text.removesuffix(")."))
    cited = latex.escape(signed_text).replace(r" \%", r"~\%")
    return "\n".join(
        textwrap.wrap(rf"{cited};~\cite{{ablab}}).", WIDTH, break_long_words=False, break_on_hyphens=False)
    )

"""What to write: a verdict as sentences for a paper, and the entry that cites ablab."""

from __future__ import annotations

import math
import re
import statistics
import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal

from ablab.metric import ACCURACY, Metric, metric_of
from ablab.nouns import counted
from ablab.records import DataFacts
from ablab.report.writers import latex, markdown
from ablab.result import Result
from ablab.statistics.sequential import FOREVER
from ablab.study import Verdict
from ablab.study.sentence import condition
from ablab.study.verdict import signed
from ablab.version import VERSION

Form = Literal["text", "markdown", "latex"]
WIDTH = 100
FINDINGS = {
    "helps": "The variant helps: the interval excludes zero",
    "hurts": "The variant hurts: the interval excludes zero",
    "no practical difference": "There is no practical difference: the interval lies within the margin of ±{margin}",
    "undecided": "The comparison is undecided: the interval includes zero and reaches beyond the margin of ±{margin}",
}


def statement(result: Result, verdict: Verdict) -> str:
    """Accuracies with their spread, the effect with its interval, n, the finding, the conditions and the method."""
    metric = metric_of(verdict.metric)
    return " ".join([*_figures(result, verdict, metric), *_conditions(result, verdict), _method(result, verdict)])


def written(result: Result, form: Form) -> str:
    """The statements of all verdicts in one form; in LaTeX, the BibTeX entry follows as a comment."""
    texts = [statement(result, verdict) for verdict in result.decision.every]
    if form == "markdown":
        return "\n\n".join(markdown.paragraph(text) for text in texts)
    if form == "latex":
        comment = "\n".join(f"% {line}" for line in bibtex(result).splitlines())
        return "\n\n".join([*map(_in_latex, texts), f"% for the file of references:\n{comment}"])
    return "\n\n".join(texts)


def bibtex(result: Result) -> str:
    """The entry of ablab, with the year of the last run and the plan that was carried out."""
    years = [run.origin.time[:4] for run in result.runs if run.origin]
    fields = {
        "title": "{ablab}: controlled experiments on image classifiers",
        "author": "{The ablab authors}",
        **({"year": max(years)} if years else {}),
        "note": f"Version {VERSION}; plan {result.plan.hash}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@misc{ablab,", *lines, "}"])


def chance_level(data: DataFacts | None) -> float | None:
    """The accuracy in percent up to which a run may have learned nothing; None where the labels are not known.

    That is the accuracy of naming the most frequent class for every image, and two standard errors of test images.
    """
    if data is None or not data.labels:
        return None
    share = max(1 / len(data.classes), max(map(data.labels.count, set(data.labels))) / len(data.labels))
    return 100 * min(1.0, share + 2 * math.sqrt(share * (1 - share) / len(data.labels)))


def at_chance(result: Result, verdict: Verdict) -> tuple[str, ...]:
    """The sides of a verdict whose mean accuracy is no better than chance."""
    level = chance_level(result.data)
    if level is None or verdict.metric != ACCURACY:
        return ()
    sides = {"the base": verdict.base_accuracies, verdict.variant: verdict.accuracies}
    return tuple(name for name, values in sides.items() if values and statistics.fmean(values) <= level)


def _figures(result: Result, verdict: Verdict, metric: Metric) -> Iterator[str]:
    base, n = result.study.base, counted(verdict.pairs, "pair")
    what = f"{base.model} on {result.data.name if result.data else base.data}"
    if verdict.effect is None:
        yield f"With {_named(verdict)}, no pair of runs of {what} has been measured yet."
        return
    means = [_spread(values, metric) for values in (verdict.accuracies, verdict.base_accuracies)]
    yield (
        f"With {_named(verdict)}, {what} reached a mean {metric.full_title} of {means[0]}, against {means[1]} without "
        f"it (n = {n} of training runs that share a seed)."
    )
    effect = f"{signed(verdict.effect, verdict.digits)} {metric.gap_words}"
    if verdict.low is None or verdict.high is None:
        yield f"The mean difference was {effect}; so few pairs allow no interval and no conclusion."
        return
    low, high = (signed(end, verdict.digits) for end in (verdict.low, verdict.high))
    yield f"The mean difference was {effect} ({100 * verdict.level:g} % confidence interval {low} to {high})."
    yield _finding(verdict, metric, verdict.low, verdict.high)


def _named(verdict: Verdict) -> str:
    is_same = verdict.change in ("", verdict.variant)
    return verdict.variant if is_same else f"{verdict.variant} ({verdict.change})"


def _spread(values: Sequence[float], metric: Metric) -> str:
    mean = f"{statistics.fmean(values):.{metric.digits}f} {metric.unit}".rstrip()
    return mean if len(values) < 2 else f"{mean} (SD {statistics.stdev(values):.{metric.digits}f})"


def _finding(verdict: Verdict, metric: Metric, low: float, high: float) -> str:
    margin = metric.size(verdict.margin)
    said = FINDINGS[verdict.word].format(margin=margin)
    if verdict.word in ("helps", "hurts"):
        is_beyond = low > verdict.margin or high < -verdict.margin
        said += f" and {'lies beyond' if is_beyond else 'includes effects smaller than'} the margin of {margin}"
    if verdict.is_negligible:
        said += f", though the {100 * verdict.confidence:g} % interval excludes zero"
    return f"{said}."


def _conditions(result: Result, verdict: Verdict) -> Iterator[str]:
    recipe = result.study.named[verdict.variant]
    yield condition(result.study.base, recipe, is_tuned=result.study.has_tuned_rates)
    if failing := verdict.failing:
        if failing.base or failing.variant:
            yield (
                f"Of {counted(failing.seeds, 'run')} each, {failing.variant} of the variant and {failing.base} of the "
                "base failed to train."
            )
        if failing.where_both_train:
            yield "The comparison is about the seeds where both trained."
        if failing.chance is not None:
            yield f"Runs without a measurement count as chance ({failing.chance:.0f} %)."
    if verdict.is_biased:
        yield "Epochs were chosen on the test set, so these accuracies are too high."
    if sides := at_chance(result, verdict):
        yield f"The accuracy of {' and '.join(sides)} is no better than chance, so the networks learned little."


def _method(result: Result, verdict: Verdict) -> str:
    """How the interval was made, by which version and plan."""
    known = f"; {counted(verdict.known.seen, 'run')} had results when the plan was locked" if verdict.known else ""
    source = f"(ablab {VERSION}, rule {result.plan.protocol.version}, plan {result.plan.hash})."
    if verdict.low is None:
        return f"The margin was set in the plan{known} {source}"
    least, most = result.study.rule.seeds
    span = f"at {least} to {most:,} pairs" if most < FOREVER else f"after every pair from {least} on"
    reasons = [f"looks {span}"] if least < most else []
    reasons += [f"{verdict.comparisons} comparisons"] if verdict.comparisons > 1 else []
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

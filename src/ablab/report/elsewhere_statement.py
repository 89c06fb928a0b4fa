"""What to write about runs that were trained elsewhere: each verdict as sentences for a paper."""

from collections.abc import Iterator

from ablab.elsewhere.judge import Compared, Judged
from ablab.nouns import counted
from ablab.report.statement import Form, bibtex_entry, difference, finding, in_form, spread
from ablab.version import VERSION


def written(judged: Judged, form: Form) -> str:
    """The statements of all verdicts in one form; in LaTeX, the BibTeX entry follows as a comment."""
    return in_form([statement(judged, one) for one in judged.compared], form, bibtex_entry(f"Version {VERSION}"))


def statement(judged: Judged, one: Compared) -> str:
    """Figures with their spread, the effect with its interval, n, the finding, the method, and what is not known."""
    return " ".join([*_figures(judged, one), _method(judged, one)])


def _figures(judged: Judged, one: Compared) -> Iterator[str]:
    metric = judged.metric
    if one.effect is None:
        yield f"No pair of runs with {one.variant} and with {judged.base} can be compared."
        return
    n = f"n = {counted(one.pairs, 'pair')} of runs that share a seed"
    if not one.is_paired:
        n = f"n = {len(one.values)} and {len(one.base)} runs, which share no seeds"
    yield (
        f"With {one.variant}, the mean {metric.title} was {spread(one.values, metric)}, against "
        f"{spread(one.base, metric)} with {judged.base} ({n})."
    )
    yield difference(one.effect, one, metric, "runs")
    if one.low is None:
        return
    if metric.direction == "lower":
        yield f"Lower values of {metric.title} are better."
    yield finding(one, metric, judged.rule.margin, judged.rule.confidence)


def _method(judged: Judged, one: Compared) -> str:
    """How the interval was made, by which version, and what nobody checked."""
    source = f"(ablab {VERSION})."
    if one.low is None:
        return f"The runs were trained by another program and compared by ablab {source}"
    kind = "based on Student's t for paired differences" if one.is_paired else "that of Welch's t test"
    if one.is_paired and one.level != judged.rule.confidence:
        kind = "that of two one-sided t tests of paired differences"
    adjusted = f", adjusted for {len(judged.compared)} comparisons" if len(judged.compared) > 1 else ""
    return (
        f"The interval is {kind}{adjusted}. It holds if margin, variants and number of seeds were chosen before any "
        f"result was seen, and if this was the only look {source}"
    )

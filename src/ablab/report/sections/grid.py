"""The grid as a whole: what each factor does on average over the others, and whether two of them interact."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.metric import metric_of
from ablab.report.means import ends
from ablab.report.section import Paragraph, Part
from ablab.report.table import Cell, Head, table
from ablab.report.words import WORDS
from ablab.result import Result
from ablab.study.verdict import signed


@mark("section", "grid", title="The grid as a whole", place=40, tables=("contrasts",))
def grid(result: Result) -> Iterator[Part]:
    """Main effects and interactions, where variants are cells of a grid."""
    if not result.contrasts:
        return
    metric = metric_of(result.study.rule.metric)
    yield Paragraph(
        "The average effect of each factor over the others, and whether two of them do more, or less, together. "
        "Secondary: these answers share a separate error rate."
    )
    yield table(
        "contrasts",
        (
            "contrast",
            "kind",
            Head(metric.gap_head, True, f"{metric.gap_words} of {metric.full_title}, averaged over the other factors."),
            Head("interval", True, WORDS["interval"]),
            "seeds >",
            "in words",
        ),
        [
            (
                contrast.name,
                contrast.kind,
                Cell(signed(contrast.effect, metric.digits), "strong" if contrast.low > 0 or contrast.high < 0 else ""),
                ends(contrast.low, contrast.high, digits=metric.digits),
                str(contrast.pairs),
                contrast.conclusion,
            )
            for contrast in result.contrasts
        ],
        [
            {
                "contrast": contrast.name,
                "kind": contrast.kind,
                "effect": contrast.effect,
                "low": contrast.low,
                "high": contrast.high,
                "n": contrast.pairs,
            }
            for contrast in result.contrasts
        ],
        title="Main effects and interactions",
    )

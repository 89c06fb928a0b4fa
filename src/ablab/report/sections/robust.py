"""Does a verdict depend on a few pairs? Robust figures beside each mean, and the pairs where the two disagree."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.report.means import DASH, ends
from ablab.report.section import Fold, Paragraph, Part
from ablab.report.table import Cell, Head, Table, table
from ablab.result import Result
from ablab.statistics.robust import Robust
from ablab.study import Verdict
from ablab.study.doubts import doubt, robust_of
from ablab.study.verdict import signed

Checked = tuple[Verdict, Robust]


# In a terminal the sentence of a verdict says where it depends on a few pairs.
@mark(
    "section",
    "robust",
    title="Does the result depend on a few pairs?",
    place=35,
    tables=("robust",),
    absent=("terminal",),
)
def robust(result: Result) -> Iterator[Part]:
    """The checks of every verdict that has an interval; for those that disagree, every pair with its difference."""
    checked = [(verdict, seen) for verdict in result.decision.every if (seen := robust_of(verdict))]
    if not checked:
        return
    doubted = [verdict for verdict, _ in checked if doubt(verdict)]
    if not doubted:
        yield Paragraph(
            "No. Methods that resist outliers and do not assume normal differences agree with every verdict."
        )
    for verdict in doubted:
        yield Paragraph(doubt(verdict), "caution", lead=f"{verdict.name}:")
        yield _pairs(result, verdict)
    yield Fold("Robust figures of each effect", (_figures(checked),))


def _figures(checked: Sequence[Checked]) -> Table:
    return table(
        "robust",
        (
            "variant",
            "mean effect >",
            Head("Hodges-Lehmann", True, "the median of the means of every two pairs: the typical difference."),
            Head("trimmed mean", True, "without a fifth of the pairs at each end; needs at least five pairs."),
            Head("its interval", True, "Yuen's interval, at the same level as the verdict's interval at this look."),
            Head("p (sign flips)", True, "exact probability that randomly flipped signs of the pairs give such a sum."),
            Head("skew", True, "0 for symmetric differences; a few pairs estimate it poorly."),
            "agrees",
        ),
        [
            (
                verdict.name,
                DASH if verdict.effect is None else signed(verdict.effect, verdict.digits),
                signed(seen.center, verdict.digits),
                signed(seen.trimmed.mean, verdict.digits) if seen.trimmed else DASH,
                ends(seen.trimmed.low, seen.trimmed.high, digits=verdict.digits) if seen.trimmed else DASH,
                f"{seen.p:.3f}",
                DASH if seen.skew is None else f"{seen.skew:+.1f}",
                Cell("no", "strong") if doubt(verdict) else "yes",
            )
            for verdict, seen in checked
        ],
        [
            {
                "variant": verdict.variant,
                "effect": verdict.effect,
                "hodges_lehmann": seen.center,
                "trimmed_mean": seen.trimmed.mean if seen.trimmed else None,
                "trimmed_low": seen.trimmed.low if seen.trimmed else None,
                "trimmed_high": seen.trimmed.high if seen.trimmed else None,
                "p_sign_flips": seen.p,
                "least_p": seen.least_p,
                "skew": seen.skew,
                "agrees": not doubt(verdict),
                "n": verdict.looks[-1].pairs,
            }
            for verdict, seen in checked
        ],
        title="Robust figures",
        caption=f"Effects in {checked[0][0].unit or 'units of the metric'}. These figures change no verdict, and none "
        "of them protects against one-sided skew.",
    )


def _pairs(result: Result, verdict: Verdict) -> Table:
    """Each pair with its difference, the lowest first."""
    seeds = [variant.spec.seed for _, variant in result.pairs(verdict)]
    rows = zip(seeds, verdict.base_accuracies, verdict.accuracies, strict=True)
    shown = sorted(rows, key=lambda row: row[2] - row[1])
    return table(
        f"pairs of {verdict.variant}",
        ("seed >", "base >", "variant >", "difference >"),
        [
            (
                str(seed),
                f"{base:.{verdict.digits}f}",
                f"{variant:.{verdict.digits}f}",
                signed(variant - base, verdict.digits),
            )
            for seed, base, variant in shown
        ],
        title=f"The pairs of {verdict.variant}",
        caption="The test figures of each pair, ordered by their difference.",
    )

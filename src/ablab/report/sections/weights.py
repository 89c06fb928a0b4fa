"""Weight norms: how they spread in each recipe, on average over its runs."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.records import NEAR_ZERO, SPREAD, Run
from ablab.report.chart import Axis, Bars, Multiples
from ablab.report.means import ids, short
from ablab.report.section import Part
from ablab.report.style import style_of
from ablab.report.wording import visible
from ablab.result import Arm, Result
from ablab.statistics.paired import mean

MOST = 26  # recipes; each takes some 6 kB of a page


@mark("section", "weights", title="Weight norms", place=100, absent=("notebook", "terminal"))
def weights(result: Result) -> Iterator[Part]:
    """A histogram for each recipe whose runs say it."""
    known = [(arm, shares) for arm in result.arms[:MOST] if (shares := shares_of(arm.runs))]
    if not known:
        return
    largest = max(max(shares) for _, shares in known)
    yield Multiples(
        name="weights",
        title="sizes of the weights of each recipe",
        caption="Each bar is the share of weights of that size, on average over the runs; heights are square roots, so "
        "that rare sizes are visible, and the outer bars include everything beyond. Weights of linear and convolution "
        f"layers at the selected epoch. Near zero means closer to it than {NEAR_ZERO:g}; an L1 penalty moves weights "
        "there, an L2 penalty makes large ones rarer.",
        runs=ids(run for arm, _ in known for run in arm.runs if run.weights),
        charts=tuple(_bars(arm, shares, largest) for arm, shares in known),
        by="recipe",
    )


def _bars(arm: Arm, shares: Sequence[float], largest: float) -> Bars:
    weighed = [run.weights for run in arm.runs if run.weights]
    near_zero = 100 * mean([one.near_zero for one in weighed])
    return Bars(
        name=arm.name,
        title=f"sizes of the weights of {visible(arm.name)}",
        heading=arm.name,
        note=f"{near_zero:.2f} % near zero, n = {len(weighed)}",
        axis=Axis("weights", span=(-SPREAD, SPREAD)),
        shares=tuple(short(share) or 0.0 for share in shares),
        largest=largest,
        style=style_of(arm.place),
    )


def shares_of(runs: Sequence[Run]) -> list[float]:
    """The mean share of weights in each bin; nothing where no run says it, or not all have the same bins."""
    counts = [run.weights.counts for run in runs if run.weights and sum(run.weights.counts)]
    if not counts or len({len(each) for each in counts}) > 1:
        return []
    return [mean(shares) for shares in zip(*([n / sum(each) for n in each] for each in counts), strict=True)]

"""How often training fails: an exact interval of the rate, and an exact test of whether one recipe fails more often.

The interval is that of Clopper and Pearson (1934). The test is Fisher's (1935), one side at a time, looked at after
each pair of seeds. What a look may spend is fixed beforehand and adds up to the error of the whole, so nothing is
assumed of how looks depend on each other. Two runs with one seed are paired. Where a seed that breaks one recipe also
tends to break the other, their counts differ less than those of independent runs, and the test errs on the safe side.
"""

import math
from collections.abc import Sequence
from typing import Literal

from ablab.statistics.sequential import spent

Reliability = Literal["trains less reliably", "trains more reliably", "not told apart"]


def rate_interval(failures: int, runs: int, alpha: float = 0.05) -> tuple[float, float]:
    """The ends of the exact interval of a failure rate, as shares.

    >>> [round(end, 3) for end in rate_interval(0, 4)], [round(end, 3) for end in rate_interval(1, 10)]
    ([0.0, 0.602], [0.003, 0.445])
    """
    from scipy.special import betaincinv

    if not runs:
        return 0.0, 1.0
    low = float(betaincinv(failures, runs - failures + 1, alpha / 2)) if failures else 0.0
    high = float(betaincinv(failures + 1, runs - failures, 1 - alpha / 2)) if failures < runs else 1.0
    return low, high


def chance_of_more(failures: int, runs: int, others: int, other_runs: int) -> float:
    """The chance that at least so many of all failures fall on these runs, if each run is as likely to fail.

    >>> round(chance_of_more(5, 5, 0, 5), 5)
    0.00397
    """
    total, all_runs = failures + others, runs + other_runs
    ways = sum(
        math.comb(runs, here) * math.comb(other_runs, total - here) for here in range(failures, min(runs, total) + 1)
    )
    return ways / math.comb(all_runs, total)


def reliability(base: Sequence[bool], variant: Sequence[bool], *, least: int, most: int, alpha: float) -> Reliability:
    """What the first look that can tell says of the variant; True is a run that failed, in the order of seeds.

    >>> reliability([False] * 7, [True] * 7, least=3, most=10, alpha=0.05)
    'trains less reliably'
    """
    for pairs in range(least, min(len(base), len(variant), most) + 1):
        share = spent(pairs, most, alpha) - (spent(pairs - 1, most, alpha) if pairs > least else 0.0)
        ours, theirs = sum(variant[:pairs]), sum(base[:pairs])
        if chance_of_more(ours, pairs, theirs, pairs) <= share / 2:
            return "trains less reliably"
        if chance_of_more(theirs, pairs, ours, pairs) <= share / 2:
            return "trains more reliably"
    return "not told apart"

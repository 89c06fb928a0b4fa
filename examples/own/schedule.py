"""A schedule of one's own: constant, then down to zero in a straight line (Hägele et al. 2024).

schedule = "examples/own/schedule.py:cooldown(last=0.2)"
"""

from typing import Annotated

from ablab.catalogue import mark


@mark("schedule", "cooldown")
def cooldown(progress: float, *, last: Annotated[float, "(0, 1]"] = 0.2) -> float:
    """The share of `lr` at a place of the run: 0 is its start, 1 its end. Warm-up is ablab's own."""
    return min(1.0, (1.0 - progress) / last)

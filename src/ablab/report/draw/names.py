"""Names and numbers as they stand beside a chart, where there is little room."""

import re

from ablab.report.chart import HeatMap, Whisker
from ablab.report.wording import visible
from ablab.study.verdict import signed


def shortened(name: str, most: int) -> str:
    """A name in at most so many letters, cut between two words where that leaves most of it.

    >>> shortened("airplane", 12), shortened("sweet peppers and more", 16), shortened("aquaticmammals", 8)
    ('airplane', 'sweet peppers…', 'aquatic…')
    """
    text = str(visible(name))
    if len(text) <= most:
        return text
    ends = [gap.start() for gap in re.finditer(r"[\s_,-]", text[:most]) if 2 * gap.start() >= most]
    return text[: ends[-1] if ends else most - 1].rstrip() + "…"


def numbers(one: Whisker) -> tuple[str, str]:
    """The effect and the ends of its interval as they are printed."""
    ends = (
        "no interval yet"
        if one.low is None or one.high is None
        else f"{signed(one.low, one.digits)} to {signed(one.high, one.digits)}"
    )
    return "–" if one.effect is None else signed(one.effect, one.digits), ends


def cell_text(chart: HeatMap, value: float, *, decimals: int) -> str:
    """The number in a cell of a map; nothing for one that rounds to nothing, or that has no room."""
    words = f"{value:{'+' if chart.is_difference else ''}.{decimals if abs(value) < 9.95 else 0}f}"
    return words if abs(value) < 1000 and float(words) != 0 else ""

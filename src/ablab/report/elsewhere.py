"""The table of verdicts on runs that were trained elsewhere."""

from ablab.elsewhere.judge import Compared, Judged
from ablab.report.means import DASH
from ablab.report.style import LOOKS
from ablab.report.table import Cell, Head, Table, table
from ablab.report.words import WORDS
from ablab.statistics.paired import mean
from ablab.study.verdict import signed


def verdicts(judged: Judged) -> Table:
    """A row a variant: its mean beside that of the base over the same seeds, the effect, and the word."""
    metric = judged.metric
    heads = (
        "variant",
        Head(f"base: {judged.base}", True),
        Head(metric.title, True),
        Head(metric.gap_head, True, WORDS["effect"]),
        Head("interval", True, WORDS["interval"]),
        Head("n", True),
        "verdict",
    )
    return table("verdicts", heads, [_row(one, metric.digits) for one in judged.compared])


def _row(one: Compared, digits: int) -> tuple[str | Cell, ...]:
    def figure(values: tuple[float, ...]) -> str:
        return f"{mean(values):.{digits}f}" if values else DASH

    known = one.low is not None and one.high is not None
    return (
        Cell(one.variant),
        figure(one.base),
        figure(one.values),
        DASH if one.effect is None else signed(one.effect, digits),
        f"{signed(one.low, digits)} to {signed(one.high, digits)}" if known else DASH,  # type: ignore[arg-type]
        str(one.pairs),
        Cell(one.word, LOOKS[one.word].kind),
    )

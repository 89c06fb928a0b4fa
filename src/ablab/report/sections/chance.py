"""Networks that are no better than guessing, said behind the verdicts: a comparison of them says nothing of others."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Paragraph, Part
from ablab.report.statement import at_chance
from ablab.result import Result


@mark("section", "chance", title="", place=15, is_open=True)
def chance(result: Result) -> Iterator[Part]:
    """The base and the variants whose mean accuracy is that of guessing."""
    sides = tuple(dict.fromkeys(side for verdict in result.verdicts for side in at_chance(result, verdict)))
    if not sides:
        return
    *others, last = sides
    named = f"{', of '.join(others)} and of {last}" if others else last
    yield Paragraph(
        f"the mean accuracy of {named} is no better than that of guessing. Such networks learned little, and comparing "
        "them says nothing about networks that learn. More epochs or another learning rate may help.",
        "caution",
        lead="At chance:",
    )

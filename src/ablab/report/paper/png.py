"""The charts of a report as PNG, with their captions."""

from collections.abc import Iterator, Sequence

from ablab.catalogue import mark
from ablab.report.draw.matplotlib import figure
from ablab.report.section import Section
from ablab.result import Result
from ablab.trials.result import TrialResult


@mark("paper", "png")
def files(result: Result | TrialResult, arranged: Sequence[Section]) -> Iterator[tuple[str, bytes]]:  # noqa: ARG001
    """One file a chart."""
    for section in arranged:
        for chart in section.charts():
            yield f"{chart.name}.png", figure(chart).as_bytes("png")

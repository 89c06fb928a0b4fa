"""A metric of one's own, computed from a whole run: how late its best epoch came.

[decide]
metric = "examples/own/metric.py:late"
"""

from ablab.catalogue import mark
from ablab.records import Run


@mark("figure", "late", title="best epoch", unit="epochs", direction="lower", decimals=1)
def late(run: Run) -> float | None:
    """The epoch that was selected; None where the run did not finish."""
    return run.selected_epoch

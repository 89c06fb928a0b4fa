"""What Python users can do with studies, results and runs: plan, run, draw.

>>> study = Study("Does batch norm help?", base="simple-nn epochs=1", variants={"batch norm": "norm=batch"})
>>> study.plan().runs
(6, 20)

Then `study.run().verdicts` trains until every verdict stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablab.api.programs import compare_command, compare_function
from ablab.api.studies import compare, from_file, preview, run, search, train_one
from ablab.api.weights import evaluate, export_run, predict_pictures
from ablab.records import Run
from ablab.result import Result
from ablab.study import Study
from ablab.trials.result import TrialResult

if TYPE_CHECKING:
    from ablab.report.picture import Picture

__all__ = [
    "compare",
    "compare_command",
    "compare_function",
    "evaluate",
    "export_run",
    "predict_pictures",
    "search",
    "train_one",
]


def _to_html(result: TrialResult) -> str:
    """The report: one self-contained page."""
    from ablab.report.page.trials import trials_page

    return trials_page(result)


def _plot(run: Run) -> Picture:
    """Its curves as a picture; needs matplotlib."""
    from ablab.report.notebook import plot

    return plot(run)


def _plot_effects(result: Result) -> Picture:
    """The effects with their intervals and the margin, as a picture; needs matplotlib."""
    from ablab.report.notebook import plot_effects

    return plot_effects(result)


# What objects of rooms below can do only with the help of rooms above them.
Study.from_file = staticmethod(from_file)
Study.plan = preview
Study.run = run
Run.plot = _plot
Result.plot_effects = _plot_effects
TrialResult.to_html = _to_html

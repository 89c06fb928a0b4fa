"""What to write: every verdict in sentences for a paper, as text, in Markdown and in LaTeX with BibTeX."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Code, Fold, Heading, Paragraph, Part
from ablab.report.statement import bibtex, statement, written
from ablab.result import Result
from ablab.study import Verdict
from ablab.trials.result import TrialResult
from ablab.trials.verdict import TrialVerdict

MOST = 10  # variants whose sentences a page has room for, in three forms
UNFOLDED = 3  # of them, so that the first screen of a report stays short


@mark("section", "to_write", title="What to write", place=32, absent=("dashboard", "terminal"), is_open=True)
@mark("trial section", "to_write", title="What to write", place=32, absent=("dashboard", "terminal"), is_open=True)
def to_write(result: Result | TrialResult) -> Iterator[Part]:
    """A paragraph for each verdict, and the same to paste into a source file."""
    explores = isinstance(result, Result) and result.plan.explores
    if result.is_empty or not result.verdicts or explores:
        return
    if len(result.decision.every) > MOST:
        yield Paragraph(f"For sentences about every verdict, type: ablab write {result.study.words}")
        return
    verdicts: tuple[Verdict | TrialVerdict, ...] = result.decision.every
    for at, verdict in enumerate(verdicts):
        said = Paragraph(statement(result, verdict))
        if at < UNFOLDED:
            yield from (Heading(verdict.name), said)
        else:
            yield Fold(verdict.name, (said,))
    yield Fold("In Markdown", (Code(written(result, "markdown")),))
    yield Fold("In LaTeX, with BibTeX", (Code(written(result, "latex")), Code(bibtex(result))))

"""What to write: every verdict in sentences for a paper, as text, in Markdown and in LaTeX with BibTeX."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Code, Fold, Heading, Paragraph, Part
from ablab.report.statement import bibtex, statement, written
from ablab.result import Result
from ablab.trials.result import TrialResult

MOST = 10  # variants whose sentences a page has room for, in three forms


@mark("section", "to_write", title="What to write", place=32, absent=("dashboard", "terminal"))
@mark("trial section", "to_write", title="What to write", place=32, absent=("dashboard", "terminal"))
def to_write(result: Result | TrialResult) -> Iterator[Part]:
    """A paragraph for each verdict, and the same to paste into a source file."""
    explores = isinstance(result, Result) and result.plan.explores
    if result.is_empty or not result.verdicts or explores:
        return
    if len(result.decision.every) > MOST:
        yield Paragraph(f"For each verdict in sentences, type: ablab write {result.study.words}")
        return
    for verdict in result.decision.every:
        yield Heading(verdict.name)
        yield Paragraph(statement(result, verdict))
    yield Fold("In Markdown", (Code(written(result, "markdown")),))
    yield Fold("In LaTeX, with BibTeX", (Code(written(result, "latex")), Code(bibtex(result))))

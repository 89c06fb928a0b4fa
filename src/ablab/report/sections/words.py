"""The words of a report with their meanings."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Part, Terms
from ablab.report.words import WORDS
from ablab.result import Result


@mark("section", "words", title="Glossary", place=180, absent=("paper", "notebook", "dashboard", "terminal"))
def words(result: Result) -> Iterator[Part]:  # noqa: ARG001 (the words are those of every report)
    """The same for every report."""
    yield Terms(tuple(WORDS.items()))

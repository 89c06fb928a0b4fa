"""The verdicts on a program in words, and what a reader must know of the program."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.nouns import counted
from ablab.report.section import Paragraph, Part
from ablab.trials.result import TrialResult


@mark("trial section", "verdicts", title="", place=10, is_open=True)
def verdicts(result: TrialResult) -> Iterator[Part]:
    """A sentence for each variant, then the remarks."""
    for verdict in result.verdicts:
        yield Paragraph(verdict.sentence, word=verdict.word, label=verdict.label)
    for remark in result.remarks:
        yield Paragraph(_sentence(remark), "caution")
    if wanted := len(result.decision.wanted):
        yield Paragraph(f"{counted(wanted, 'trial')} still to run.", lead="Not final.")


def _sentence(remark: str) -> str:
    """A remark as a sentence of its own."""
    return f"{remark[:1].upper()}{remark[1:]}{'' if remark.endswith('?') else '.'}"

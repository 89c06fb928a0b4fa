"""The words of a report on a program with their meanings."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.section import Part, Terms
from ablab.report.sections.trial_effects import EFFECT
from ablab.report.words import WORDS
from ablab.trials.result import TrialResult

KNOWN = ("interval", "margin", "helps, hurts", "no practical difference", "undecided")
MEANINGS = {
    "trial": "one call with arguments and a seed.",
    "pair": "a trial of the base and one of a variant with the same seed.",
    "effect": EFFECT,
    **{word: WORDS[word] for word in KNOWN},
    "n": "number of seed pairs, or of trials, behind a figure.",
}


@mark("trial section", "words", title="Glossary", place=180, absent=("paper", "notebook", "dashboard", "terminal"))
def words(result: TrialResult) -> Iterator[Part]:  # noqa: ARG001 (the words are those of every report)
    """The same for every report on a program."""
    yield Terms(tuple(MEANINGS.items()))

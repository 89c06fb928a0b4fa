"""How the settings of a study were found, where `ablab search` found them: the trials that each recipe had."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.nouns import counted
from ablab.report.section import Paragraph, Part
from ablab.result import Result


@mark("section", "searched", title="How the settings were found", place=48)
def searched(result: Result) -> Iterator[Part]:
    """How many trials each recipe had over which settings, and a caution where they are not equally many."""
    it = result.study.searched
    if it is None:
        return
    had = ", ".join(f"{name} {counted(many, 'trial')}" for name, many in it.trials.items())
    yield Paragraph(
        f"A search chose {', '.join(it.keys)} by the {it.metric} on validation images: {had}. The trials used a seed "
        "that no run of this study has, and never touched the test images. The runs of this study are fresh."
    )
    if not it.is_fair:
        yield Paragraph(
            "the recipes did not have equally many trials. A longer search finds better settings, so the effect "
            "partly reflects the search.",
            "caution",
            lead="Unequal search budgets:",
        )

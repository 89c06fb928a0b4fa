"""The verdicts in words: what every report begins with."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.nouns import counted
from ablab.report.section import Paragraph, Part
from ablab.result import Result
from ablab.study import Verdict
from ablab.study.sentence import condition


@mark("section", "verdicts", title="", place=10, absent=("dashboard",), is_open=True)
def verdicts(result: Result) -> Iterator[Part]:
    """A sentence for each variant and metric; what to type where there is no run yet."""
    rule = result.study.rule
    if not result.runs:
        yield Paragraph(
            f"This page shows the plan of the study. To start the first {rule.seeds[0] * len(result.arms)} runs, type: "
            f"ablab run {result.study.words if result.study.path else 'STUDY.toml'}",
            "caution",
            lead="There are no runs yet.",
        )
    for verdict in result.decision.every:
        yield answer(result, verdict)
    if result.runs and result.decision.wanted:
        wanted = len(result.decision.wanted)
        yield Paragraph(f"{counted(wanted, 'run')} still to train.", lead="Not final.")
    if result.decision.ended:
        yield Paragraph(
            f"{result.decision.ended}; the verdicts are as valid as if the study had used all its seeds.",
            lead="Ended early.",
        )


def answer(result: Result, verdict: Verdict) -> Paragraph:
    """The sentence of a verdict; its headline ends where the conditions begin under which it holds."""
    study = result.study
    recipe = study.named[verdict.variant]
    held = condition(study.base, recipe, is_tuned=study.is_tuned, tunes_each=study.tunes_each)
    headline, found, _ = verdict.sentence.partition(f" {held}")
    return Paragraph(verdict.sentence, word=verdict.word, label=verdict.label, headline=f"{headline} " if found else "")

"""The same question with a learning rate of its own for every recipe, and the trials that chose the rates."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.means import DASH
from ablab.report.section import Paragraph, Part
from ablab.report.table import table
from ablab.result import Result


@mark("section", "tuned", title="With a learning rate of its own for every recipe", place=50, tables=("trials",))
def tuned(result: Result) -> Iterator[Part]:
    """The verdicts at the rates that won, where they disagree with those at fixed rates, and all trials."""
    if result.tuned is None:
        return
    yield Paragraph(
        "Each recipe chose its rate by as many trials as every other, on validation images and with seeds that nothing "
        "else uses. The study was then asked again at the rates that won."
    )
    for name in result.disagreements:
        yield Paragraph(
            "the two verdicts disagree. At a fixed rate the answer is that of the rate, too.",
            "caution",
            lead=f"{name}:",
        )
    for verdict in result.after_tuning.verdicts if result.after_tuning else ():
        yield Paragraph(verdict.sentence, word=verdict.word, label=verdict.label)
    chosen = zip(result.tuned.names, result.tuned.trials, result.tuned.chosen, strict=True)
    trials = [(name, trial, trial.rate == rate) for name, each, rate in chosen for trial in each]
    yield table(
        "trials",
        ("recipe", "rate >", "validation accuracy >", "taken"),
        [
            (
                name,
                f"{trial.rate:g}",
                DASH if trial.accuracy is None else f"{trial.accuracy:.2f} %",
                "taken" if is_taken else "",
            )
            for name, trial, is_taken in trials
        ],
        [
            {"recipe": name, "rate": trial.rate, "validation_accuracy": trial.accuracy, "taken": is_taken}
            for name, trial, is_taken in trials
        ],
        title="Trials of learning rates",
    )

"""The same question with a learning rate of its own for every recipe, and the trials that chose the rates."""

from collections.abc import Iterator

from ablab.catalogue import mark
from ablab.report.means import DASH
from ablab.report.section import Paragraph, Part
from ablab.report.table import table
from ablab.result import Result

ONCE = (
    "Every recipe had the same number of trials to tune its learning rate, on validation images and with seeds that "
    "nothing else uses. ablab then ran the study again at the best rates."
)
EACH = (
    "For each seed, ablab tuned the learning rate of every recipe anew, in trials on validation images with a separate "
    "seed, and trained the recipe at the best rate. So the intervals below include the luck of tuning."
)


@mark("section", "tuned", title="With a learning rate tuned for each recipe", place=50, tables=("trials",))
def tuned(result: Result) -> Iterator[Part]:
    """The verdicts at the rates that won, where they disagree with those at fixed rates, and all trials."""
    if result.tuned is None:
        return
    is_each = result.study.tunes_each
    yield Paragraph(EACH if is_each else ONCE)
    for name in result.disagreements:
        yield Paragraph(
            "the two verdicts disagree. At a fixed rate, the answer also depends on that rate.",
            "caution",
            lead=f"{name}:",
        )
    for verdict in result.after_tuning.decision.every if result.after_tuning else ():
        yield Paragraph(verdict.sentence, word=verdict.word, label=verdict.label)
    every = zip(result.tuned.names, result.tuned.trials, strict=True)
    trials = [(name, trial) for name, each in every for trial in each]
    yield table(
        "trials",
        ("recipe", *(["for seed >"] if is_each else []), "rate >", "validation accuracy >", "taken"),
        [
            (
                name,
                *([str(trial.number)] if is_each else []),
                f"{trial.rate:g}",
                DASH if trial.accuracy is None else f"{trial.accuracy:.2f} %",
                "taken" if trial.is_taken else "",
            )
            for name, trial in trials
        ],
        [
            {
                "recipe": name,
                **({"number": trial.number} if is_each else {}),
                "rate": trial.rate,
                "validation_accuracy": trial.accuracy,
                "taken": trial.is_taken,
            }
            for name, trial in trials
        ],
        title="Trials of learning rates",
    )

"""What trackers tell of a run under names that all of them share: parameters, curves, test, and a study's verdicts."""

from collections.abc import Mapping
from typing import Any

from ablab import grammar
from ablab.records import EpochRow, Run, RunSpec
from ablab.track import Activity
from ablab.trial import Outcome, Trial


def run_name(spec: RunSpec | Trial) -> str:
    """The network, or the arguments of a program, the seed and the run, as a list of runs shows them."""
    if isinstance(spec, Trial):
        return f"{spec.arguments or 'base'} seed {spec.seed} {spec.id}"
    return f"{spec.recipe.model} seed {spec.seed} {spec.id}"


def parameters(spec: RunSpec | Trial) -> dict[str, str]:
    """What of the recipe is not at its default, with data, network and seed, as the command line writes it."""
    if isinstance(spec, Trial):
        said = {"arguments": spec.arguments, "seed": str(spec.seed)}
        return {**said, **({"repeat": "true"} if spec.is_repeat else {})}
    recipe = spec.recipe
    words = {"data": recipe.data, "model": recipe.model, **recipe.changes(), "seed": spec.seed}
    return {key: grammar.show(value) for key, value in words.items()}


def tags(spec: RunSpec | Trial, activity: Activity) -> dict[str, str]:
    """Which run of ablab it is, and of which study."""
    known = {"ablab.run": spec.id, "ablab.study": activity.name, "ablab.plan": activity.plan or ""}
    return {key: value for key, value in known.items() if value}


def curve(row: EpochRow) -> dict[str, float]:
    """One point of each curve; accuracies as shares, as the store has them."""
    return {
        "lr": row.lr,
        "train/loss": row.train_loss,
        "train/accuracy": row.train_accuracy,
        "val/loss": row.val_loss,
        "val/accuracy": row.val_accuracy,
        "seconds": row.seconds,
    }


def tested(run: Run | Outcome) -> dict[str, float]:
    """What was measured on the test images, or what a program gave; nothing where there is no such thing."""
    if isinstance(run, Outcome):
        return run.figures
    if (test := run.test) is None:
        return {}
    return {"test/accuracy": test.accuracy, "test/loss": test.loss, **{f"test/{k}": v for k, v in test.metrics.items()}}


def selected(run: Run | Outcome) -> int:
    """The epoch that was measured; 0 where there is none."""
    return 0 if isinstance(run, Outcome) else run.selected_epoch or 0


def status(run: Run | Outcome) -> str:
    """How it ended, and why if it did not finish."""
    return f"{run.status}: {run.note}" if run.note else run.status


def verdicts(outcome: Mapping[str, Any]) -> str:
    """What a study came to, in Markdown: its question and a sentence for each verdict. One that explores has none."""
    lines = [f"- **{each['variant']}: {each['word']}.** {each['sentence']}" for each in outcome.get("verdicts", ())]
    return "\n".join([f"{outcome.get('question', '')}", "", *lines]).strip()

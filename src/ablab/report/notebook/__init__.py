"""What notebooks show: each object as a small piece of HTML, and pictures of runs and studies.

The HTML has no script and no style sheet of its own, and every text in it is escaped.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ablab import grammar
from ablab.catalogue import catalogue, mark
from ablab.errors import InputError
from ablab.metric import metric_of
from ablab.nouns import counted
from ablab.records import Run
from ablab.report.draw.matplotlib import figure
from ablab.report.facts import facts_of
from ablab.report.notebook.live import Progress
from ablab.report.notebook.parts import box, facts_table, note, rows_table, written
from ablab.report.notebook.sections import sections_of
from ablab.report.picture import Picture
from ablab.report.section import sections
from ablab.report.sections.accuracies import verdict_table
from ablab.report.sections.curves import panels_of
from ablab.report.sections.effects import intervals
from ablab.report.sparkline import sparkline
from ablab.report.wording import shown
from ablab.result import Arm, Result

if TYPE_CHECKING:
    from ablab.arithmetic.table import Network
    from ablab.data.dataset import Dataset
    from ablab.recipe import Recipe
    from ablab.records import Observer
    from ablab.result import Result
    from ablab.study import Plan, Study, Verdict
    from ablab.trials.result import TrialResult


def html_of(value: Any) -> str:
    """A data set, recipe, run, study, result, verdict or layer table as HTML."""
    forms = catalogue("report.notebook", "form")
    for kind in type(value).__mro__:
        if kind.__name__ in forms and forms[kind.__name__].facts["of"] == kind.__module__:
            return str(forms[kind.__name__].load()(value))
    raise InputError(f"a {type(value).__name__} has no form for notebooks; these have: {', '.join(sorted(forms))}")


def plot(run: Run) -> Picture:
    """The curves of a run. What comes back shows itself in a notebook; its `figure` is matplotlib's."""
    return figure(panels_of([Arm(f"run {run.id}", run.spec.recipe, (run,), 0)]))


def plot_effects(result: Result) -> Picture:
    """The effects of a study with their intervals over the margin."""
    return figure(intervals(result.verdicts, result.runs))


def progress(plan: Plan | None = None) -> Observer:
    """Shows training as it goes on: in a notebook one table that changes, elsewhere lines as in a terminal.

    Of one run `train_one(…, show=progress())`, of a study `run_study(…, show=progress)`.
    """
    if not is_notebook():
        from ablab.report.terminal.live import Live

        live = Live()
        return live.show if plan is None else live.of_study(plan)
    return Progress(importlib.import_module("IPython.display").display, plan)


def is_notebook() -> bool:
    """Whether this is a notebook, where what was shown can be changed; a terminal's IPython cannot do that."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


@mark("form", "Dataset", of="ablab.data.dataset")
def _dataset(dataset: Dataset) -> Markup:
    parts = [("training", dataset.train), ("validation", dataset.val), ("test", dataset.test)]
    counts = ", ".join(f"{len(part):,} {name}" for name, part in parts if part is not None)
    channels, height, width = dataset.in_shape
    facts = [
        ("images", counts),
        ("size", f"{channels} x {height} x {width}"),
        ("classes", f"{len(dataset.classes)}: {_listed(dataset.classes)}"),
        ("fingerprint", dataset.fingerprint[:12]),
        *(("note", note) for note in dataset.notes),
    ]
    return box(f"data set {dataset.name}", [facts_table(facts)])


@mark("form", "Recipe", of="ablab.recipe")
def _recipe(recipe: Recipe) -> Markup:
    rows = [(key, grammar.show(value)) for key, value in {"data": recipe.data, **recipe.changes()}.items()]
    said = {"model": recipe.model, **dict(rows)}
    return box(f"recipe {recipe.hash}", [facts_table(list(said.items())), note("all other keys have their defaults")])


@mark("form", "Run", of="ablab.records")
def _run(run: Run) -> Markup:
    losses = [("validation loss", sparkline([row.val_loss for row in run.curve]))] if run.curve else []
    return box(f"run {run.id}", [facts_table([*facts_of(run), *losses])])


@mark("form", "Study", of="ablab.study.question.study")
def _study(study: Study) -> Markup:
    rule = study.rule
    first, most = rule.seeds
    seeds = f"{first} to {most} seeds" if first < most else counted(first, "seed")
    rows = [("base", study.base.model), *((variant.name, variant.change) for variant in study.variants)]
    named = (f"{one.metric}, margin {metric_of(one.metric).size(one.margin)}" for one in rule.by_metric)
    decides = f"{' and '.join(named)}, {100 * rule.confidence:g} % confidence, {seeds}"
    return box(study.question, [rows_table(("variant", "change"), rows), note(f"decided by {decides}")])


@mark("form", "Verdict", of="ablab.study.verdict")
def _verdict(verdict: Verdict) -> Markup:
    sentence = Markup('<p style="margin:.3em 0;text-align:left">{}</p>').format(shown(verdict.sentence))
    return box(verdict.variant, [written(verdict_table([verdict])), sentence])


@mark("form", "Result", of="ablab.result")
def _result(result: Result) -> Markup:
    looked = [note(f"{result.ledger}")] if result.ledger else []
    return box(result.study.question, [*sections_of(sections(result, "notebook")), *looked])


@mark("form", "TrialResult", of="ablab.trials.result")
def _trial_result(result: TrialResult) -> Markup:
    return box(result.study.question, [*sections_of(sections(result, "notebook"))])


@mark("form", "Network", of="ablab.arithmetic.table")
def _layers(network: Network) -> Markup:
    from ablab.report.network import network_table, totals

    return box("layers", [written(network_table(network)), *map(note, totals(network))])


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")

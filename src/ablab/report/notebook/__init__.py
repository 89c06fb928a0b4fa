"""What notebooks show: each object as a small piece of HTML, pictures of runs and studies, and progress that moves.

The HTML has no script and no style sheet of its own, and every text in it is escaped.
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ablab import grammar
from ablab.errors import InputError
from ablab.metric import known_metrics
from ablab.records import EpochRow, Run, RunSpec
from ablab.report.curve import sparkline
from ablab.report.draw.matplotlib import figure
from ablab.report.means import ends
from ablab.report.notebook.sections import sections_of
from ablab.report.picture import Picture
from ablab.report.sections.curves import panels_of
from ablab.report.sections.effects import intervals, word
from ablab.report.table import Cell, Table, table
from ablab.report.wording import shown
from ablab.report.writers import html
from ablab.result import Arm, Result
from ablab.study.verdict import signed

if TYPE_CHECKING:
    from ablab.arithmetic.table import Table as Network
    from ablab.data.dataset import Dataset
    from ablab.recipe import Recipe
    from ablab.records import Observer
    from ablab.result import Result
    from ablab.study import Plan, Study, Verdict

MOST = 200  # rows of a table: a notebook keeps what it shows


def html_of(value: Any) -> str:
    """A data set, recipe, run, study, result, verdict or layer table as HTML."""
    for kind in type(value).__mro__:
        if kind.__module__.startswith("ablab.") and kind.__name__ in _SHOWN:
            return str(_SHOWN[kind.__name__](value))
    raise InputError(f"a {type(value).__name__} has no form for notebooks; these have: {', '.join(sorted(_SHOWN))}")


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


class Progress:
    """A table of what is running, kept up to date in the place where it was shown first."""

    def __init__(self, display: Callable[..., Any], plan: Plan | None = None) -> None:
        self.display, self.plan = display, plan
        self.handle: Any = None
        self.curves: dict[str, list[EpochRow]] = {}  # of the runs that go on
        self.wanted: dict[str, RunSpec] = {}
        self.finished: list[tuple[RunSpec, Any]] = []
        self.notes: list[str] = []

    def __call__(self, wanted: RunSpec, event: Any) -> None:
        from ablab.events import EpochDone, Finished, Noticed, Started

        if isinstance(event, Started):
            self.curves[wanted.id] = []
            self.wanted[wanted.id] = wanted
        elif isinstance(event, EpochDone):
            self.curves.setdefault(wanted.id, []).append(event.row)
            self.wanted[wanted.id] = wanted
        elif isinstance(event, Noticed):
            self.notes.append(f"run {wanted.id}: {event.text}")
        elif isinstance(event, Finished):
            self.curves.pop(wanted.id, None)
            self.finished.append((wanted, event))
        self._update()

    def _repr_html_(self) -> str:
        """The table as it stands."""
        return str(_box(self._title(), [self._going_on(), self._done(), *map(_note, self.notes[-3:])]))

    def _update(self) -> None:
        if self.handle is None:
            self.handle = self.display(self, display_id=True)
        else:
            self.handle.update(self)

    def _title(self) -> str:
        if self.plan is None:
            return "training"
        done, least, most = len(self.finished), len(self.plan.wanted), len(self.plan.most)
        return f"{self.plan.study.name}: {done} runs trained now; {least} are wanted at first, {most} at most"

    def _going_on(self) -> Markup:
        rows = []
        for id_, curve in self.curves.items():
            wanted = self.wanted[id_]
            at = f"{len(curve)} of {wanted.recipe.epochs}"
            accuracy = f"{curve[-1].val_points:.2f} %" if curve else ""
            losses = sparkline([row.val_loss for row in curve])
            rows.append((id_, self._name(wanted), wanted.seed, at, accuracy, losses))
        return _table(("run", "recipe", "seed", "epoch", "validation", "loss"), rows) if rows else Markup("")

    def _done(self) -> Markup:
        rows = [
            (wanted.id, self._name(wanted), wanted.seed, f"{event.test.points:.2f} %", event.selected_epoch)
            for wanted, event in self.finished[-10:]
        ]
        return _table(("finished", "recipe", "seed", "test", "epoch"), rows) if rows else Markup("")

    def _name(self, wanted: RunSpec) -> str:
        study = self.plan.study if self.plan else None
        named = {variant.recipe.hash: variant.name for variant in study.variants} if study else {}
        return named.get(wanted.recipe.hash, "base" if study else wanted.recipe.model)


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
    return _box(f"data set {dataset.name}", [_facts(facts)])


def _recipe(recipe: Recipe) -> Markup:
    rows = [(key, grammar.show(value)) for key, value in {"data": recipe.data, **recipe.changes()}.items()]
    said = {"model": recipe.model, **dict(rows)}
    return _box(f"recipe {recipe.hash}", [_facts(list(said.items())), _note("every other key has its default")])


def _run(run: Run) -> Markup:
    recipe = run.spec.recipe
    facts = [("recipe", f"{recipe.model} on {recipe.data}, seed {run.spec.seed}"), ("status", run.status)]
    if run.test:
        biased = ", biased: chosen on the test images" if recipe.select == "test" else ""
        said = f"{run.test.points:.2f} % of {run.test.images:,} images, loss {run.test.loss:.4f}"
        facts.append(("test", f"{said}, epoch {run.selected_epoch}{biased} (n = 1 run)"))
    if run.curve:
        facts.append(("validation loss", sparkline([row.val_loss for row in run.curve])))
    facts.append(("cost", f"{run.cost.parameters:,} parameters, {run.cost.epochs} epochs, {run.cost.seconds:.1f} s"))
    if run.note:
        facts.append(("note", run.note))
    return _box(f"run {run.id}", [_facts(facts)])


def _study(study: Study) -> Markup:
    rule = study.rule
    seeds = f"{rule.seeds[0]} to {rule.seeds[1]} seeds" if rule.seeds[0] < rule.seeds[1] else f"{rule.seeds[0]} seeds"
    rows = [("base", study.base.model), *((variant.name, variant.change) for variant in study.variants)]
    margin = known_metrics()[rule.metric].size(rule.margin)
    decides = f"{rule.metric}, margin {margin}, {100 * rule.confidence:g} % confidence, {seeds}"
    return _box(study.question, [_table(("variant", "change"), rows), _note(f"decided by {decides}")])


def _verdict(verdict: Verdict) -> Markup:
    sentence = Markup('<p style="margin:.3em 0;text-align:left">{}</p>').format(shown(verdict.sentence))
    return _box(verdict.variant, [_verdicts([verdict]), sentence])


def _result(result: Result) -> Markup:
    looked = [_note(f"{result.ledger}")] if result.ledger else []
    return _box(result.study.question, [*sections_of(result), *looked])


def _layers(network: Network) -> Markup:
    from ablab.report.network import network_table, totals

    return _box("layers", [_written(network_table(network)), *map(_note, totals(network))])


_SHOWN: dict[str, Callable[[Any], Markup]] = {
    "Dataset": _dataset,
    "Recipe": _recipe,
    "Result": _result,
    "Run": _run,
    "Study": _study,
    "Table": _layers,
    "Verdict": _verdict,
}


def _verdicts(verdicts: Sequence[Verdict]) -> Markup:
    unit = verdicts[0].unit
    effect = f"effect, {unit}" if unit else "effect"
    heads = ("variant", effect, f"{100 * verdicts[0].confidence:g} % interval", "n", "margin", "time", "verdict")
    rows = [
        (
            verdict.variant,
            "-" if verdict.effect is None else signed(verdict.effect, verdict.digits),
            ends(verdict.low, verdict.high, digits=verdict.digits),
            verdict.pairs,
            f"{verdict.margin:.{verdict.digits}f}",
            "-" if verdict.cost_ratio is None else f"{verdict.cost_ratio:.2f}x",
            word(verdict),
        )
        for verdict in verdicts
    ]
    return _table(heads, rows)


def _box(title: str, parts: Sequence[Markup]) -> Markup:
    head = Markup('<p style="margin:.3em 0"><b>{}</b></p>').format(shown(title))
    return Markup("<div>{}</div>").format(Markup("").join([head, *parts]))


def _note(text: str) -> Markup:
    return Markup('<p style="margin:.2em 0;opacity:.75">{}</p>').format(shown(text))


def _facts(facts: Sequence[tuple[str, str]]) -> Markup:
    return html.write(table("facts", ("", ""), facts), has_sheet=False)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markup:
    return _written(table("", heads, ([one if isinstance(one, Cell) else str(one) for one in row] for row in rows)))


def _written(table: Table) -> Markup:
    """A table, no longer than a notebook should keep."""
    made = html.write(dataclasses.replace(table, rows=table.rows[:MOST]), has_sheet=False)
    return made + _note(f"and {len(table.rows) - MOST:,} rows more") if len(table.rows) > MOST else made


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")

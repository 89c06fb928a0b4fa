"""Tables for the terminal: verdicts, runs, one run."""

import io
import os
import shutil
import statistics
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ablab import grammar
from ablab.metric import known_metrics
from ablab.records import Measurement, Run
from ablab.report.wording import shown
from ablab.study import Verdict
from ablab.study.verdict import signed

STYLES = {"helps": "bold green", "hurts": "bold red", "no practical difference": "cyan", "undecided": "yellow"}
PLAIN_WIDTH = 160  # where there is no terminal: wide enough that no cell is folded


def verdict_table(verdicts: Sequence[Verdict], *, explores: bool = False) -> str:
    """One line a variant: effect, interval, pairs of seeds and the verdict; the base above them.

    What explored has no verdict, whatever its interval says.
    """
    confidence = f"{100 * verdicts[0].confidence:g} % interval"
    table = _table("variant", "accuracy >", "effect (pp) >", f"{confidence} >", "n >", "time >", "verdict")
    base = max((verdict.base_accuracies for verdict in verdicts), key=len)
    table.add_row("base", _mean(base), "", "", f"{len(base)}", "", "")
    for verdict in verdicts:
        table.add_row(
            Text(shown(verdict.variant)),
            _mean(verdict.accuracies),
            "-" if verdict.effect is None else signed(verdict.effect),
            "-" if verdict.low is None or verdict.high is None else f"{signed(verdict.low)} to {signed(verdict.high)}",
            f"{verdict.pairs}",
            "-" if verdict.cost_ratio is None else f"{verdict.cost_ratio:.2f}x",
            Text("exploratory")
            if explores
            else Text(verdict.word + (" (biased)" if verdict.is_biased else ""), style=STYLES[verdict.word]),
        )
    return _text(table)


def runs_table(runs: Sequence[Run]) -> str:
    """One line a run, in the order given."""
    if not runs:
        return "no runs yet"
    table = _table("run", "model", "data", "changes", "seed >", "epochs >", "test >", "seconds >", "status")
    for run in runs:
        recipe = run.spec.recipe
        changes = {key: value for key, value in recipe.changes().items() if key not in ("model", "data")}
        table.add_row(
            run.id,
            Text(shown(recipe.model)),
            Text(shown(recipe.data)),
            Text(shown(_words(changes))),
            str(run.spec.seed),
            str(run.cost.epochs),
            "-" if run.test is None else f"{100 * run.test.accuracy:.2f} %",
            f"{run.cost.seconds:.1f}",
            Text(run.status, style="" if run.status == "finished" else "bold red"),
        )
    return _text(table)


def run_details(run: Run) -> str:
    """All that a person would ask about one run: what it was, how it went, what it gave and what it took."""
    machine, cost = run.machine, run.cost
    facts = {
        "run": f"{run.id}, {run.status}",
        "seed": str(run.spec.seed),
        "data": f"{run.spec.recipe.data}, fingerprint {run.spec.fingerprint[:12]}",
        "machine": f"{machine.name}, {machine.device}, {machine.threads} threads, {machine.precision}, "
        f"torch {machine.torch}, Python {machine.python}",
        "cost": f"{cost.parameters:,} parameters, {cost.epochs} epochs, {cost.examples:,} examples, "
        f"{cost.seconds:.1f} s of training, {cost.wall_seconds:.1f} s in all",
    }
    if run.untrained_loss is not None:
        facts["untrained loss"] = f"{run.untrained_loss:.4f}"
    if run.test is not None:
        facts["test"] = f"{measured(run.test)}, with the weights of epoch {run.selected_epoch}"
    if run.note:
        facts["note"] = run.note
    width = max(len(name) for name in facts)
    lines = [f"{name:<{width}}  {shown(fact)}" for name, fact in facts.items()]
    curve = _table("epoch >", "lr >", "train loss >", "accuracy >", "val loss >", "accuracy >", "seconds >", "")
    for row in run.curve:
        curve.add_row(
            str(row.epoch),
            f"{row.lr:.4g}",
            f"{row.train_loss:.4f}",
            f"{100 * row.train_accuracy:.2f} %",
            f"{row.val_loss:.4f}",
            f"{100 * row.val_accuracy:.2f} %",
            f"{row.seconds:.2f}",
            "selected" if row.epoch == run.selected_epoch else "",
        )
    return "\n".join(["\n".join(lines), "", run.spec.recipe.toml().rstrip(), "", _text(curve)])


def measured(test: Measurement) -> str:
    """A measurement in one line: accuracy and loss, then every other metric that is recorded."""
    known = known_metrics()
    others = "".join(
        f", {name} {known[name].show(value) if name in known else format(value, '.4g')}"
        for name, value in sorted(test.metrics.items())
    )
    return f"{100 * test.accuracy:.2f} % of {test.images:,} images, loss {test.loss:.4f}{others}"


def _words(changes: dict[str, object]) -> str:
    """Changes as one would type them."""
    return " ".join(f"{key}={grammar.show(value)}" for key, value in changes.items())


def _mean(accuracies: Sequence[float]) -> str:
    return f"{statistics.mean(accuracies):.2f} %" if accuracies else "-"


def _table(*heads: str) -> Table:
    """A table without boxes; a head that ends in > is above numbers."""
    columns = [
        Column(head.removesuffix(" >"), justify="right" if head.endswith(">") else "left", overflow="fold")
        for head in heads
    ]
    return Table(*columns, box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))


def _text(table: Table) -> str:
    """The table as text, in colours where a person looks at it and wants them."""
    is_seen = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_WIDTH
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=is_seen, color_system="standard" if is_seen else None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

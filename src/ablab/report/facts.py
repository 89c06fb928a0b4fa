"""Facts about one run: what a person would ask, in words, for the terminal, notebooks and the dashboard alike."""

from collections.abc import Iterator

from ablab.metric import known_metrics
from ablab.nouns import counted, duration
from ablab.records import Machine, Measurement, Run


def facts_of(run: Run) -> tuple[tuple[str, str], ...]:
    """Each fact under its name; what the run does not have is left out."""
    return tuple(_facts(run))


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    recipe, cost = run.spec.recipe, run.cost
    yield "recipe", f"{recipe.model} on {recipe.data}, seed {run.spec.seed}"
    yield "status", run.status
    if run.test:
        biased = ", biased: chosen on the test images" if recipe.select == "test" else ""
        weights = f"with the weights of epoch {run.selected_epoch} of {recipe.epochs}{biased}"
        yield "validation" if run.spec.explores else "test", f"{measured(run.test)}, {weights} (n = 1 run)"
    if run.untrained_loss is not None:
        yield "untrained loss", f"{run.untrained_loss:.4f}"
    yield "cost", f"{cost.parameters:,} parameters, {counted(cost.epochs, 'epoch')}, {cost.examples:,} examples"
    yield "time", f"{duration(cost.seconds)} of training, {duration(cost.wall_seconds)} in all"
    yield "machine", _machine(run.machine)
    if run.machine.resumed:
        yield "resumed", f"under other conditions: {'; '.join(run.machine.resumed)}"
    yield "data", f"{recipe.data}, fingerprint {run.spec.fingerprint[:12]}"
    if run.stopped:
        yield "stopped", run.stopped
    if run.note:
        yield "note", run.note


def _machine(machine: Machine) -> str:
    many = [f"{machine.processes} processes"] if machine.processes > 1 else []
    parts = (machine.name, machine.device, *many, counted(machine.threads, "thread"), machine.precision)
    return ", ".join((*parts, f"torch {machine.torch}", f"Python {machine.python}"))


def measured(test: Measurement) -> str:
    """A measurement in one line: accuracy and loss, then every other metric that is recorded."""
    known = known_metrics()
    others = "".join(
        f", {name} {known[name].show(value) if name in known else format(value, '.4g')}"
        for name, value in sorted(test.metrics.items())
    )
    return f"{test.points:.2f} % of {counted(test.images, 'image')}, loss {test.loss:.4f}{others}"

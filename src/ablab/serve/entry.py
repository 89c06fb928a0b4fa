"""Entry: a run as the dashboard shows it, whether it is in the store or still being trained."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from ablab import grammar
from ablab.recipe import Recipe
from ablab.records import EpochRow, Run, RunSpec
from ablab.report.chart import Line, LineKind
from ablab.report.sections.curves import Quantity
from ablab.result import Result
from ablab.serve.charts import points, spark
from ablab.serve.snapshot import InStudy, Snapshot, StoreView
from ablab.track.progress import LiveRun


@dataclass(frozen=True)
class Entry:
    """A run, whether it is in the store or still being trained."""

    spec: RunSpec
    status: str  # of a run in the store, or running
    curve: tuple[EpochRow, ...]
    run: Run | None
    live: LiveRun | None
    store: StoreView = field(repr=False)

    @property
    def studies(self) -> tuple[InStudy, ...]:
        """The studies that its recipe is in. The text of every study is read for it, so a long list shows none."""
        return self.store.names.get(self.recipe.hash, ())

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def recipe(self) -> Recipe:
        return self.spec.recipe

    @property
    def epoch(self) -> int:
        return self.curve[-1].epoch if self.curve else 0

    @property
    def accuracy(self) -> float | None:
        """On the images that it is measured on, in percent."""
        return self.run.points if self.run else None

    @property
    def seconds(self) -> float:
        return self.run.cost.seconds if self.run else math.fsum(row.seconds for row in self.curve)

    @property
    def share(self) -> int:
        """Percent of its epochs."""
        return min(100, round(100 * self.epoch / self.recipe.epochs))

    @property
    def measured_on(self) -> str:
        """The images that its accuracy is on: a run that explores never sees the test images."""
        return "validation images" if getattr(self.spec, "explores", False) else "test images"

    @property
    def changes(self) -> str:
        """What is not as usual, in the words of the command line."""
        said = {key: value for key, value in self.recipe.changes().items() if key not in ("model", "data")}
        return " ".join(f"{key}={grammar.show(value)}" for key, value in said.items())

    @property
    def line_kind(self) -> LineKind:
        return "running" if self.live else "mean" if self.status == "finished" else "unfinished"

    def line(self, name: str, style: int, of: Quantity) -> Line:
        """One of its quantities after each epoch."""
        selected = self.run.selected_epoch if self.run else None
        return Line(name, style, points(self.curve, of), self.line_kind, selected=selected)

    @property
    def spark(self) -> Markup:
        return spark(self.curve, self.recipe.epochs)


def entry(seen: Snapshot, id_: str) -> Entry | None:
    """The run with this id."""
    if id_ in seen.store.runs:
        return entries(seen, [id_])[0]
    live = seen.live_runs.get(id_)
    return of_live(live, seen) if live else None


def entries(seen: Snapshot, ids: Sequence[str]) -> list[Entry]:
    """Runs of the store by their ids, read together."""
    return [Entry(run.spec, run.status, run.curve, run, None, seen.store) for run in seen.store.runs.some(ids)]


def of_live(run: LiveRun, seen: Snapshot) -> Entry:
    return Entry(run.spec, "running", run.rows, None, run, seen.store)


def running_of(seen: Snapshot, it: Result) -> list[LiveRun]:
    """The runs of a study that are being trained, by whichever process."""
    recipes = {recipe.hash for recipe in it.study.recipes}
    return [
        run
        for run in seen.live_runs.values()
        if run.spec.recipe.hash in recipes and run.spec.fingerprint == it.plan.fingerprint
    ]

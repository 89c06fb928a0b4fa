"""Entry: a run as the dashboard shows it, whether it is in the store or still being trained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from ablab import grammar
from ablab.recipe import Recipe
from ablab.records import EpochRow, Run, RunSpec
from ablab.report.chart import Line, LineKind
from ablab.report.sections.curves import Quantity
from ablab.result import Result
from ablab.serve.charts import points, spark
from ablab.serve.snapshot import Snapshot, StoreView
from ablab.track.progress import LiveRun

InStudy = tuple[str, str, str]  # a study, what a recipe is called in it, and the hash of its plan


@dataclass(frozen=True)
class Entry:
    """A run, whether it is in the store or still being trained."""

    spec: RunSpec
    status: str  # of a run in the store, or running
    curve: tuple[EpochRow, ...]
    studies: tuple[InStudy, ...]
    run: Run | None
    live: LiveRun | None

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


def entries(seen: Snapshot) -> list[Entry]:
    """Every run in the order in which it came; those that are running are the last."""
    names = names_of(seen.store)
    stored = [_of_stored(run, names) for run in seen.store.runs.values()]
    return [*stored, *(of_live(run, names) for run in seen.live_runs.values())]


def entry(seen: Snapshot, id_: str) -> Entry | None:
    """The run with this id."""
    names = names_of(seen.store)
    if run := seen.store.runs.get(id_):
        return _of_stored(run, names)
    live = seen.live_runs.get(id_)
    return of_live(live, names) if live else None


def of_live(run: LiveRun, names: Mapping[str, tuple[InStudy, ...]]) -> Entry:
    return Entry(run.spec, "running", run.rows, names.get(run.spec.recipe.hash, ()), None, run)


def _of_stored(run: Run, names: Mapping[str, tuple[InStudy, ...]]) -> Entry:
    return Entry(run.spec, run.status, run.curve, names.get(run.spec.recipe.hash, ()), run, None)


def names_of(store: StoreView) -> dict[str, tuple[InStudy, ...]]:
    """For each recipe, the studies that it is in and what it is called there."""
    found: dict[str, tuple[InStudy, ...]] = {}
    for it in store.studies:
        for recipe, name in it.study.names.items():
            found[recipe] = (*found.get(recipe, ()), (it.study.name, name, it.plan.hash))
    return found


def running_of(seen: Snapshot, it: Result) -> list[LiveRun]:
    """The runs of a study that are being trained, by whichever process."""
    recipes = {recipe.hash for recipe in it.study.recipes}
    return [
        run
        for run in seen.live_runs.values()
        if run.spec.recipe.hash in recipes and run.spec.fingerprint == it.plan.fingerprint
    ]

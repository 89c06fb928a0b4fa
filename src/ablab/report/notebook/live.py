"""Progress in a notebook: one table of what is running, which changes in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ablab.nouns import counted
from ablab.records import EpochRow, RunSpec
from ablab.report.notebook.parts import box, note, rows_table
from ablab.report.sparkline import sparkline

if TYPE_CHECKING:
    from ablab.study import Plan


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
        return str(box(self._title(), [self._going_on(), self._done(), *map(note, self.notes[-3:])]))

    def _update(self) -> None:
        if self.handle is None:
            self.handle = self.display(self, display_id=True)
        else:
            self.handle.update(self)

    def _title(self) -> str:
        if self.plan is None:
            return "training"
        done, least, most = len(self.finished), len(self.plan.wanted), len(self.plan.most)
        so_far = f"{self.plan.study.name}: {counted(done, 'run')} trained now"
        return f"{so_far}; the study starts with {least} and takes {most} at most"

    def _going_on(self) -> Markup:
        rows = []
        for id_, curve in self.curves.items():
            wanted = self.wanted[id_]
            at = f"{len(curve)} of {wanted.recipe.epochs}"
            accuracy = f"{curve[-1].val_points:.2f} %" if curve else ""
            losses = sparkline([row.val_loss for row in curve])
            rows.append((id_, self._name(wanted), wanted.seed, at, accuracy, losses))
        return rows_table(("run", "recipe", "seed", "epoch", "validation", "loss"), rows) if rows else Markup("")

    def _done(self) -> Markup:
        rows = [
            (wanted.id, self._name(wanted), wanted.seed, f"{event.test.points:.2f} %", event.selected_epoch)
            for wanted, event in self.finished[-10:]
        ]
        return rows_table(("finished", "recipe", "seed", "test", "epoch"), rows) if rows else Markup("")

    def _name(self, wanted: RunSpec) -> str:
        names = self.plan.study.names if self.plan else {}
        return names.get(wanted.recipe.hash, wanted.recipe.model)

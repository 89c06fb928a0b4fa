"""A metric of whole runs, a tracker, and a format for trained weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablab.catalogue import mark
from ablab.events import EpochDone, Event, Projection
from ablab.export import Product, Subject
from ablab.records import Run, RunSpec
from ablab.track import Activity, Page


@mark("figure", "worst", title="worst validation accuracy", unit="pp", direction="higher", decimals=2)
def worst(run: Run) -> float | None:
    """The lowest validation accuracy of all epochs, in percent; None where there is none."""
    return min((row.val_points for row in run.curve), default=None)


@mark("tracker", "diary", example="diary(file=diary.txt)")
class Diary:
    """A line of words for each epoch, at the end of a file."""

    def __init__(self, activity: Activity, *, file: str = "diary.txt") -> None:  # noqa: ARG002 (each tracker gets it)
        self.file = Path(file)

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        if isinstance(event, EpochDone):
            with self.file.open("a", encoding="utf-8") as opened:
                opened.write(f"{spec.id}: epoch {event.row.epoch}, {event.row.val_points:.2f} %\n")

    def kept(self, run: Run) -> None:
        """The file has every epoch already."""

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:
        """It is about epochs alone."""

    def close(self) -> None:
        """The file is closed after every line."""


@mark("format", "classes", suffix=".txt")
def class_names(subject: Subject) -> Product:
    """The names of the classes in the order of the network's outputs, a line each."""
    return Product("\n".join(subject.trained.classes).encode() + b"\n")

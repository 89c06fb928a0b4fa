"""Fault: what is done to ablab and how often; Trial: what became of it once; Row: what became of it in all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fault_suite.nursery import Nursery

Outcome = Literal["held", "lost", "crashed", "hung", "silent"]
BAD: tuple[Outcome, ...] = ("lost", "crashed", "hung", "silent")
NOTES = 20  # trials that went wrong that a row describes


@dataclass(frozen=True)
class Trial:
    """One trial. A promise held, or something was lost, crashed, hung, or went wrong without a word."""

    outcome: Outcome
    what: str = ""  # which trial it was and what was seen, so that somebody can repeat it


HELD = Trial("held")


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    `trials` makes about so many trials in an empty folder. A control harms a program that breaks the promise on
    purpose: the suite has to catch it, otherwise the suite proves nothing.
    """

    name: str
    sample: int
    full: int
    trials: Callable[[Nursery, Path, int], Iterator[Trial]]
    is_control: bool = False
    is_long: bool = False  # its sample takes many seconds, so that only `make faults` tries it


@dataclass
class Row:
    """What became of a fault: how many trials ended how, and what went wrong."""

    name: str
    is_control: bool = False
    trials: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BAD, 0))
    notes: list[str] = field(default_factory=list)

    def add(self, trial: Trial) -> None:
        self.trials += 1
        if trial.outcome != "held":
            self.counts[trial.outcome] += 1
            if len(self.notes) < NOTES:
                self.notes.append(f"{trial.outcome}: {trial.what}")

    @property
    def is_good(self) -> bool:
        """Nothing went wrong in any of at least one trial; of a control, something did."""
        return self.trials > 0 and any(self.counts.values()) == self.is_control


def spread(number: int, most: int) -> list[int]:
    """At most `most` of the places 0 to number - 1, evenly spread, the first and the last among them."""
    if number <= most:
        return list(range(number))
    return sorted({round(place * (number - 1) / max(1, most - 1)) for place in range(most)})

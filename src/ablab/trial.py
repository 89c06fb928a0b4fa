"""Trials: calls of somebody's own program or function with a seed, and what came of them, as values that go to JSON."""

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SHOWN, LENGTH = 3, 80  # figures and characters of arguments, where an outcome is shown in a line
Status = Literal["finished", "failed", "timed out", "no figure"]


@dataclass(frozen=True)
class Trial:
    """One call that somebody wants. All that is called, the arguments and the seed are its identity."""

    subject: str  # the digest of what is called and of the files that the study names
    arguments: str
    seed: int
    is_repeat: bool = False  # the same call once more, to see whether its result is the same

    @functools.cached_property
    def id(self) -> str:
        """Names the trial in the store and in the files that it leaves."""
        return digest([self.subject, self.arguments, self.seed, self.is_repeat])


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a trial came to."""

    trial: Trial
    status: Status
    seconds: float
    figures: dict[str, float] = field(default_factory=dict)  # every finite number of its result, by name
    note: str = ""  # why it has no figure
    output: str = ""  # the end of what it printed
    errors: str = ""  # the end of what it printed as errors
    machine: str = ""
    time: str = ""  # when it ended: UTC, ISO 8601
    plan: str = ""  # the plan that it was carried out for

    def __repr__(self) -> str:
        figures = "".join(f", {name} {figure:.6g}" for name, figure in list(self.figures.items())[:SHOWN])
        called = f"{self.trial.arguments[:LENGTH] or 'no arguments'}, seed {self.trial.seed}"
        return f"<Outcome {self.id}: {called}, {self.status}{figures}>"

    @property
    def id(self) -> str:
        return self.trial.id

    @property
    def spec(self) -> Trial:
        """What was wanted, as of a run."""
        return self.trial

    def to_json(self) -> str:
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "trial": Trial(**values["trial"])})


@dataclass(frozen=True)
class LockedTrials:
    """A plan of trials as a store keeps it: what was asked, with which seeds, and since when."""

    plan: str
    name: str
    text: str  # what decides, as JSON
    root: int
    time: str  # UTC, ISO 8601


Wanted = Callable[[], Sequence[Trial]]  # all trials that are still useful, the most urgent first


def digest(value: Any) -> str:
    """The name of a value that JSON can write.

    >>> digest(["a", 1])
    '2657442bb4a4'
    """
    return hashlib.sha256(json.dumps(value, allow_nan=False).encode()).hexdigest()[:12]

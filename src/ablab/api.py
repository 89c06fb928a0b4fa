"""Study: a question that can be asked from Python, in the words of the command line.

>>> study = Study("Does batch norm help?", base="simple-nn epochs=1", variants={"batch norm": "norm=batch"})
>>> study.plan().runs
(6, 20)

Then `study.run().verdicts` trains until every verdict stands.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab import grammar
from ablab.errors import InputError
from ablab.records import Run
from ablab.result import Result
from ablab.study import Study as Question
from ablab.study import plan
from ablab.study.foresight import Foresight
from ablab.study.question.write import study_text

if TYPE_CHECKING:
    from ablab.report.picture import Picture


@dataclass(frozen=True)
class Planned:
    """What a study will cost and what it can see, before anything is spent."""

    hash: str
    runs: tuple[int, int]  # at first, and at most
    foresight: Foresight | None  # None unless a few steps of each recipe were timed

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))


class Study:
    """One question on one or several data sets; it says the same as a study file, and can be written to one."""

    def __init__(
        self,
        question: str,
        *,
        base: str,
        variants: Mapping[str, str],
        seeds: str | int = "3..10",
        margin: float = 0.5,
        confidence: float = 0.95,
        budget: str | None = None,
        name: str = "study",
    ) -> None:
        decide = {"margin": margin, "confidence": confidence, "seeds": seeds, "budget": budget}
        self.text = study_text(question, recipe_of(base), variants, decide)
        self.parts = _parts(Question.from_toml(self.text, f"{name}.toml"), path="")

    @classmethod
    def from_file(cls, path: Path | str, scale: str = "default") -> Study:
        """The study in a TOML file."""
        from ablab.study.question.files import read_studies

        study = cls.__new__(cls)
        study.parts = read_studies(Path(path), scale)
        study.text = study.parts[0].text
        return study

    def plan(self, *, store: Any = None, data_root: str | None = None, timed: bool = False) -> Planned:
        """The plan; with `timed`, a few steps of every recipe say what it will take."""
        from ablab.conduct import foresee_study

        first = self.parts[0]
        if timed:
            planned, foresight = foresee_study(first, _store(store) if store else None, root=data_root)
        else:
            planned, foresight = plan(first, "not loaded"), None
        return Planned(planned.hash, (len(planned.wanted), len(planned.most)), foresight)

    def run(
        self,
        *,
        store: Any = None,
        data_root: str | None = None,
        workers: int | None = None,
        show: Any = None,
        is_new: bool = False,
    ) -> Result:
        """Train until every verdict stands; what is in the store is not trained again. `show` is told every event."""
        from ablab.conduct import run_study

        if len(self.parts) > 1:
            raise InputError(f"this study asks on {len(self.parts)} data sets: run each of study.parts by itself")
        return run_study(
            self.parts[0],
            _store(store),
            root=data_root,
            show=lambda _planned: show or (lambda _wanted, _event: None),
            workers=workers,
            is_new=is_new,
        )

    def _repr_html_(self) -> str:
        return str(importlib.import_module("ablab.report.notebook").html_of(self.parts[0]))

    def __repr__(self) -> str:
        return f"Study({self.parts[0].question!r}, {len(self.parts[0].variants)} variants)"


def recipe_of(words: str) -> dict[str, Any]:
    """The keys of a base recipe in the words of the command line: `simple-nn data=cifar10 epochs=10`."""
    from ablab.recipe import typed

    first, _, rest = words.strip().partition(" ")
    is_model = bool(first) and "=" not in first
    keys = typed(grammar.assignments(rest if is_model else words)) if (rest if is_model else words).strip() else {}
    return {"model": first, **keys} if is_model else keys


def _parts(question: Question, *, path: str) -> tuple[Question, ...]:
    plain = dataclasses.replace(question, path=path)
    return tuple(plain.on(data) for data in plain.datasets) or (plain,)


def _store(given: Any) -> Any:
    from ablab.store import Store, place

    return given if isinstance(given, Store) else Store(place(str(given) if given else None))


def _plot(run: Run) -> Picture:
    """Its curves as a picture; needs matplotlib."""
    from ablab.report.notebook import plot

    return plot(run)


def _plot_effects(result: Result) -> Picture:
    """The effects with their intervals and the margin, as a picture; needs matplotlib."""
    from ablab.report.notebook import plot_effects

    return plot_effects(result)


# What objects of rooms below can do only with the help of rooms above them.
_VERBS: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (Run, "plot", _plot),
    (Result, "plot_effects", _plot_effects),
)
for _kind, _name, _verb in _VERBS:
    setattr(_kind, _name, _verb)

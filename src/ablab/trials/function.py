"""Function: a Python function of arguments and a seed, called in this process."""

import contextlib
import datetime
import functools
import math
import numbers
import platform
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ablab.errors import InputError
from ablab.trial import Outcome, Status, Trial, Wanted
from ablab.trials.code import code_digest
from ablab.trials.figures import ONE, SHOWN
from ablab.trials.question import Measure

Called = Callable[[Any, int], Any]  # arguments and a seed, to a number or to numbers by name
KEPT = 1 << 14  # characters of a traceback


@dataclass(frozen=True)
class Function:
    """A function with the arguments that it may be called with."""

    call: Called
    values: Mapping[str, Any] = field(compare=False)  # by the text that a trial names them with
    files: tuple[tuple[str, str], ...] = ()  # paths that its results depend on, with their digests

    @property
    def shown(self) -> str:
        name = getattr(self.call, "__qualname__", type(self.call).__qualname__)
        return f"{name}(arguments, seed)"

    @functools.cached_property
    def facts(self) -> dict[str, Any]:
        return {"function": code_digest(self.call), "files": dict(self.files)}

    def check(self, calls: int = 1) -> None:
        """Raise if so many calls at a time are wanted: they share one process."""
        if calls > 1:
            raise InputError(f"workers={calls}: ablab calls a function in this process, one call after the other")

    def cautions(self, arguments: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002 (Python checks arguments itself)
        return ()


class Calls:
    """Calls of a function, one after the other."""

    slots = 1

    def __init__(self, function: Function, measure: Measure) -> None:
        self.function = function
        self.measure = measure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, wanted: Wanted, observe: object = None) -> Iterator[Outcome]:  # noqa: ARG002 (a call says nothing on its way)
        begun: set[str] = set()
        while trials := [trial for trial in wanted() if trial.id not in begun]:
            begun.add(trials[0].id)
            yield self._outcome(trials[0])

    def _outcome(self, trial: Trial) -> Outcome:
        """What a call comes to. What it raises is its failure; Ctrl-C is none."""
        started = time.monotonic()
        figures: dict[str, float] = {}
        note = errors = ""
        status: Status = "finished"
        try:
            figures = numbers_of(self.function.call(self.function.values[trial.arguments], trial.seed))
        except Exception as error:
            status, note = "failed", f"{type(error).__name__}: {error}"
            errors = "".join(traceback.format_exception(error))
        seconds = time.monotonic() - started
        if status == "finished" and self.measure.of(figures) is None:
            status, note, figures = "no figure", _absence(figures, self.measure.name), {}
        return Outcome(
            trial=trial,
            status=status,
            seconds=round(seconds, 6),
            figures=figures,
            note=note,
            errors=errors[-KEPT:],
            machine=platform.node(),
            time=datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        )


def numbers_of(result: Any) -> dict[str, float]:
    """The finite numbers of what a function gave, by name. Arrays and tensors with one element are numbers.

    >>> numbers_of(0.5), numbers_of({"accuracy": 1, "name": "a", "loss": float("nan")})
    ({'figure': 0.5}, {'accuracy': 1.0})
    """
    named = result if isinstance(result, Mapping) else {ONE: result}
    found = {str(name): _number(value) for name, value in named.items()}
    return {name: number for name, number in found.items() if number is not None}


def _number(value: Any) -> float | None:
    if hasattr(value, "item") and not isinstance(value, numbers.Real):
        with contextlib.suppress(ValueError, RuntimeError, TypeError):  # it has several elements
            value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    return float(value) if math.isfinite(value) else None


def _absence(figures: Mapping[str, float], name: str) -> str:
    others = ", ".join(list(figures)[:SHOWN])
    if figures and name:
        return f'the function returned no "{name}"; it returned: {others}'
    if figures:
        return f'the function returned several numbers: {others}; choose one with metric="{next(iter(figures))}"'
    return "the function returned neither a finite number nor a mapping with one"

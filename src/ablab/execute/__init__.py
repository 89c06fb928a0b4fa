"""Where runs are carried out. An executor is one marked class in one file, and this folder is their list.

It takes what is wanted and gives finished runs. It is made with a `Job` and the options of its name, and used in a
`with` statement. It starts from the front of `wanted()`, which it asks after every event and every run: what is on its
way and no longer in there is stopped, and nothing that it started is started again in the same call.
`@mark("executor", "name")` offers it, with `needs=("package",)` where its file imports what ablab does not come with;
whatever else it needs and lacks, it says with an error when it is made. It never opens the store. Where one run cannot
be carried out, its error names that run, and the executor can be called again for the others.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ablab.catalogue import read_operation
from ablab.errors import InputError
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.trial import Outcome

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

Wanted = Callable[[], Sequence[RunSpec]]  # all that is still useful, the most urgent first


@dataclass(frozen=True)
class Loader:
    """Gives the data set of a recipe, each loaded once in a process."""

    root: str | None = None
    skip_unreadable: bool = False

    def __call__(self, recipe: Recipe) -> "Dataset":
        return _load(self, recipe.data, recipe.size)


@functools.cache
def _load(loader: Loader, data: str, size: int | None) -> "Dataset":
    from ablab.data import load_dataset

    return load_dataset(data, loader.root, size=size, skip_unreadable=loader.skip_unreadable)


@dataclass(frozen=True)
class Job:
    """What an executor is made for. It may be sent to other processes, so `load` is a value and no closure."""

    load: Callable[[Recipe], "Dataset"]
    checkpoints: Path | None = None  # a folder for those of runs that are not done
    runs: int = 1  # that are wanted at first: with more slots than these some stand idle
    weights: Path | None = None  # a folder for those of finished runs


class Executor(Protocol):
    """Carries out runs; how and where is its own affair."""

    @property
    def slots(self) -> int:
        """Runs that it carries out at a time."""
        ...

    def __call__(
        self, wanted: Callable[[], Sequence[Any]], observe: Callable[[Any, Any], None]
    ) -> Iterator[Run | Outcome]:
        """Finished runs in any order, until nothing is wanted; `observe` gets every event on the way.

        One that calls programs is given trials, too, and gives their outcomes.
        """
        ...


def check_executor(text: str | None, workers: int | None) -> None:
    """Raise for what names no executor, before data are read and anything is trained."""
    if text is not None and workers is not None:
        raise InputError(f"--workers {workers} is short for --executor workers({workers}): give only one of them")
    if text is not None:
        read_operation("execute", "executor", text)


def choose(text: str | None, workers: int | None, job: Job) -> AbstractContextManager[Executor]:
    """The executor that a text such as `here` or `workers(3)` names; without one, that with so many runs at a time.

    Without either: workers, as many as suit the machine, and this process where one is all that suits.
    """
    check_executor(text, workers)
    if text is None:
        from ablab.execute.workers import suitable_workers

        number = workers or suitable_workers(job.runs)
        text = "here" if number == 1 else f"workers({number})"
    executor: AbstractContextManager[Executor] = read_operation("execute", "executor", text).load()(job)
    return executor

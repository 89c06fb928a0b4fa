"""The executor that needs nothing: one run after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ablab.data.dataset import Dataset
from ablab.execute.run_one import run_one
from ablab.recipe import Recipe
from ablab.records import Observer, Run, RunSpec


@dataclass(frozen=True)
class Here:
    """Carries out runs in the order in which they are wanted."""

    load: Callable[[Recipe], Dataset]
    checkpoints: Path | None = None  # a folder for those of runs that are not done

    def __call__(self, wanted: Iterable[RunSpec], show: Observer) -> Iterator[Run]:
        for one in wanted:
            yield run_one(one, self.load(one.recipe), show, self.checkpoints)

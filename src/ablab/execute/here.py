"""The executor that needs nothing: one run after the other, in this process."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ablab.data.dataset import Dataset
from ablab.execute import Show
from ablab.execute.carry import carry
from ablab.recipe import Recipe
from ablab.records import Run, Wanted


@dataclass(frozen=True)
class Here:
    """Carries out runs in the order in which they are wanted."""

    load: Callable[[Recipe], Dataset]
    checkpoints: Path | None = None  # a folder for those of runs that are not done

    def __call__(self, wanted: Iterable[Wanted], show: Show) -> Iterator[Run]:
        for one in wanted:
            yield carry(one, self.load(one.recipe), show, self.checkpoints)

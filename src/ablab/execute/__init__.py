"""Where runs are carried out. An executor takes what is wanted and gives finished runs, one by one."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ablab.recipe import Recipe
from ablab.records import Observer, Run, RunSpec

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset


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


class Executor(Protocol):
    """Carries out runs; how and where is its own affair."""

    def __call__(self, wanted: Iterable[RunSpec], show: Observer) -> Iterator[Run]: ...


def checkpoint_path(checkpoints: Path, id_: str) -> Path:
    """Where a run that is not done leaves what it needs to go on."""
    return checkpoints / f"{id_}.checkpoint"


def previous_checkpoint(path: Path) -> Path:
    """Where the checkpoint before that one is, for when its bytes have changed."""
    return path.with_suffix(".previous")

"""Where runs are carried out. An executor takes what is wanted and gives finished runs, one by one."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from ablab.records import Run, Wanted

Show = Callable[[Wanted, Any], None]  # (which run, an event of train): what only looks


class Executor(Protocol):
    """Carries out runs; how and where is its own affair."""

    def __call__(self, wanted: Iterable[Wanted], show: Show) -> Iterator[Run]: ...


def checkpoint_path(checkpoints: Path, id_: str) -> Path:
    """Where a run that is not done leaves what it needs to go on."""
    return checkpoints / f"{id_}.checkpoint"


def previous_checkpoint(path: Path) -> Path:
    """Where the checkpoint before that one is, for when its bytes have changed."""
    return path.with_suffix(".previous")

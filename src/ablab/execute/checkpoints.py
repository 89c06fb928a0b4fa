"""Checkpoints of a run that is not done: a run that was stopped, in whatever way, goes on where it was."""

import dataclasses
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from ablab.atomic import atomic_write
from ablab.data.dataset import Dataset
from ablab.errors import DataError, InputError
from ablab.events import EpochDone, Event, Noticed, Started
from ablab.execute.run_one import machine, run_one
from ablab.records import Observer, Run, RunSpec
from ablab.train.checkpoint import facts, pack
from ablab.train.state import State

PAUSE = 5.0  # seconds between two checkpoints at least; a run that is killed loses those, one that is stopped nothing


def carry_out(spec: RunSpec, dataset: Dataset, observe: Observer, folder: Path | None = None) -> Run:
    """Train what is wanted, tell every event, and give the run; with a folder it goes on from its checkpoint there."""
    with closing(resumed(spec, dataset, folder)) as events:
        for event in events:
            if isinstance(event, Run):
                return event
            observe(spec, event)
    raise AssertionError("a training ends in its run")


def resumed(spec: RunSpec, dataset: Dataset, folder: Path | None) -> Generator[Event | Run]:
    """The events of a run and the run, from its newest checkpoint in the folder, where it keeps new ones.

    Whoever keeps the run then forgets its checkpoints. If it is stopped or closed, its last whole epoch is on the disk.
    """
    if folder is None:
        yield from run_one(spec, dataset)
        return
    checkpoint = yield from _newest(spec, folder)
    keeper, started = Keeper(spec, folder), None
    try:
        for event in run_one(spec, dataset, checkpoint):
            if isinstance(event, Started):
                started = event
            elif isinstance(event, EpochDone) and started:
                keeper(event.state, started)  # before it is shown: what a person has seen is not lost
            yield event
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        keeper.write()
        raise


class Keeper:
    """Writes a checkpoint now and then, and holds the bytes of the last epoch for when the run is stopped."""

    def __init__(self, spec: RunSpec, folder: Path) -> None:
        self.spec, self.path = spec, checkpoint_path(folder, spec.id)
        self.written_at = time.monotonic()
        self.waiting = b""

    def __call__(self, state: State, started: Started) -> None:
        self.waiting = pack(
            state,
            {
                "recipe": self.spec.recipe.full(),
                "seed": self.spec.seed,
                "fingerprint": self.spec.fingerprint,
                "machine": dataclasses.asdict(machine(started)),
            },
        )
        if time.monotonic() - self.written_at >= PAUSE:
            self.write()
            self.written_at = time.monotonic()

    def write(self) -> None:
        """The newest bytes become the checkpoint, and what was the checkpoint the one before."""
        if self.waiting:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists():
                self.path.replace(previous_checkpoint(self.path))
            atomic_write(self.path, self.waiting)
            self.waiting = b""


def forget(folder: Path, id_: str) -> None:
    """Remove the checkpoints of a run that is done."""
    path = checkpoint_path(folder, id_)
    for file in (path, previous_checkpoint(path)):
        file.unlink(missing_ok=True)


def checkpoint_path(folder: Path, id_: str) -> Path:
    """Where a run that is not done leaves what it needs to go on."""
    return folder / f"{id_}.checkpoint"


def previous_checkpoint(path: Path) -> Path:
    """Where the checkpoint before that one is, for when its bytes have changed."""
    return path.with_suffix(".previous")


def _newest(spec: RunSpec, folder: Path) -> Generator[Noticed, None, bytes | None]:
    """Tells of damaged checkpoints, and returns the bytes of the newest whole one, if there is one."""
    newest = checkpoint_path(folder, spec.id)
    for path in (newest, previous_checkpoint(newest)):
        if not path.exists():
            continue
        try:
            content = path.read_bytes()
            before = facts(content)
        except (DataError, OSError) as error:
            other = "the one before is tried" if path == newest else "the run starts anew"
            yield Noticed(f"{path}: the checkpoint cannot be used, so {other}: {error}")
            continue
        _check_identity(path, before, spec)
        return content
    return None


def _check_identity(path: Path, before: dict[str, Any], spec: RunSpec) -> None:
    """Raise for the checkpoint of another run, with what is different."""
    mine = {**spec.recipe.full(), "seed": spec.seed, "data's fingerprint": spec.fingerprint}
    other = {**before["recipe"], "seed": before["seed"], "data's fingerprint": before["fingerprint"]}
    differing = [
        f"{k} = {other.get(k)} there, {mine.get(k)} here" for k in {**mine, **other} if mine.get(k) != other.get(k)
    ]
    if differing:
        listed = "\n    ".join(differing)
        raise InputError(f"{path}: this checkpoint is of another run; remove it to start anew:\n    {listed}")

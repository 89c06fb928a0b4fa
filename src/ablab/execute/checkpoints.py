"""Checkpoints of a run that is not done: a run that was stopped, in whatever way, goes on where it was."""

import dataclasses
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ablab.atomic import atomic_write, failure, make_folder
from ablab.data.dataset import Dataset
from ablab.errors import DataError, InputError, Lost
from ablab.events import EpochDone, Event, Finished, Noticed, Started
from ablab.execute.run_one import machine, run_one, trained
from ablab.records import Machine, Observer, Run, RunSpec
from ablab.train.checkpoint import facts, pack
from ablab.train.state import State
from ablab.train.together import ALONE, Team
from ablab.train.trained import keep as keep_weights

PAUSE = 5.0  # seconds between two checkpoints at least, which a run that is killed loses
PACKING = 0.02  # of a run's time at most goes into packing: 0.8 s for resnet18, 3 ms for a network of 80,000 parameters


def carry_out(
    spec: RunSpec,
    dataset: Dataset,
    observe: Observer,
    folder: Path | None = None,
    weights: Path | None = None,
    team: Team = ALONE,
) -> Run:
    """Train what is wanted, tell every event, and give the run; with a folder it goes on from its checkpoint there."""
    with closing(resumed(spec, dataset, folder, weights, team)) as events:
        for event in events:
            if isinstance(event, Run):
                return event
            observe(spec, event)
    raise AssertionError("a training ends in its run")


def resumed(
    spec: RunSpec, dataset: Dataset, folder: Path | None, weights: Path | None = None, team: Team = ALONE
) -> Generator[Event | Run]:
    """The events of a run and the run, from its newest checkpoint in the folder, where it keeps new ones.

    The caller that stores the run then forgets its checkpoints. If it is stopped between two epochs, the last one is
    on the disk; in the middle of one, the last that was packed. With a folder for weights, those of the selected epoch
    are on the disk before the run is given, so a stored run never lacks them. A run that explores leaves none.
    """
    events = _checkpointed(spec, dataset, folder, team)
    if weights is None or spec.explores:
        yield from events
        return
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                keep_weights(trained(event, spec, dataset), weights / f"{spec.id}.safetensors")
            yield event


def _checkpointed(spec: RunSpec, dataset: Dataset, folder: Path | None, team: Team) -> Generator[Event | Run]:
    if folder is None:
        yield from run_one(spec, dataset, team=team)
        return
    checkpoint = yield from newest(spec, folder)
    keeper: Keeper | None = None
    try:
        for event in run_one(spec, dataset, checkpoint, team, weights_beside(folder)):
            if isinstance(event, Started):
                keeper = Keeper(spec, folder, machine(event, checkpoint))
            elif isinstance(event, EpochDone) and keeper:
                keeper(event.state)  # before it is shown: what a person has seen is not lost
            yield event
            if keeper:
                keeper.state = None  # from here on it changes
    except (KeyboardInterrupt, SystemExit, GeneratorExit, Lost):
        if keeper:
            keeper.write_last()
        raise


class Keeper:
    """Writes a checkpoint now and then, and holds the bytes of an epoch for when the run is stopped."""

    def __init__(self, spec: RunSpec, folder: Path, machine: Machine) -> None:
        self.spec, self.path, self.machine = spec, checkpoint_path(folder, spec.id), machine
        self.written_at = self.packed_at = time.monotonic()
        self.took = 0.0  # seconds for packing once
        self.waiting = b""
        self.state: State | None = None  # of an epoch that was not packed, while it stands still

    def __call__(self, state: State) -> None:
        now = time.monotonic()
        if now - self.packed_at < self.took / PACKING:
            self.state = state
            return
        self.pack(state)
        if now - self.written_at >= PAUSE:
            self.write()
            self.written_at = time.monotonic()

    def pack(self, state: State) -> None:
        """Its bytes wait to be written."""
        begun = time.monotonic()
        self.waiting = packed(self.spec, self.machine, state)
        self.packed_at = time.monotonic()
        self.took = self.packed_at - begun

    def write_last(self) -> None:
        """Write the last epoch, or where it has been trained on since, the last that was packed."""
        if self.state is not None:
            self.pack(self.state)
        self.write()

    def write(self) -> None:
        """The newest bytes become the checkpoint."""
        if self.waiting:
            write(self.path, self.waiting)
            self.waiting = b""


def packed(spec: RunSpec, machine: Machine, state: State) -> bytes:
    """A checkpoint: the state, and which run on which machine it belongs to."""
    facts = {
        "recipe": spec.recipe.full(),
        "seed": spec.seed,
        "fingerprint": spec.fingerprint,
        "machine": dataclasses.asdict(machine),
    }
    return pack(state, facts)


def write(path: Path, content: bytes) -> None:
    """Write a checkpoint; the one that was there stays as the one before."""
    try:
        make_folder(path.parent)
        if path.exists():
            path.replace(previous_checkpoint(path))
    except OSError as error:
        raise failure(path, error, len(content)) from error
    atomic_write(path, content)


def forget(folder: Path, id_: str) -> None:
    """Remove the checkpoints of a run that is done."""
    path = checkpoint_path(folder, id_)
    for file in (path, previous_checkpoint(path)):
        file.unlink(missing_ok=True)


def weights_beside(folder: Path) -> Path:
    """Where a store with this folder of checkpoints keeps the weights of its runs."""
    return folder.parent / "weights"


def checkpoint_path(folder: Path, id_: str) -> Path:
    """Where a run that is not done leaves what it needs to go on."""
    return folder / f"{id_}.checkpoint"


def previous_checkpoint(path: Path) -> Path:
    """Where the checkpoint before that one is, for when its bytes have changed."""
    return path.with_suffix(".previous")


def newest(spec: RunSpec, folder: Path) -> Generator[Noticed, None, bytes | None]:
    """Tells of damaged checkpoints, and returns the bytes of the newest whole one, if there is one."""
    last = checkpoint_path(folder, spec.id)
    for path in (last, previous_checkpoint(last)):
        if not path.exists():
            continue
        try:
            content = path.read_bytes()
            before = _FACTS.validate_python(facts(content))
        except (DataError, ValueError, OSError) as error:
            other = "ablab tries the one before" if path == last else "the run starts over"
            yield Noticed(f"{path}: the checkpoint cannot be used, so {other}: {error}")
            continue
        _check_identity(path, before, spec)
        return content
    return None


@dataclass(frozen=True)
class _Facts:
    """What a checkpoint says of its run."""

    recipe: dict[str, Any]
    seed: int
    fingerprint: str
    machine: Machine


_FACTS = TypeAdapter(_Facts)


def _check_identity(path: Path, before: _Facts, spec: RunSpec) -> None:
    """Raise for the checkpoint of another run, with what is different."""
    mine = {**spec.recipe.full(), "seed": spec.seed, "data's fingerprint": spec.fingerprint}
    # A key that the checkpoint lacks is newer than it: the run had what is now the default.
    set_here = spec.recipe.changes()
    newer = {key: value for key, value in spec.recipe.full().items() if key not in set_here}
    other = {**newer, **before.recipe, "seed": before.seed, "data's fingerprint": before.fingerprint}
    differing = [
        f"{k} = {other.get(k)} there, {mine.get(k)} here" for k in {**mine, **other} if mine.get(k) != other.get(k)
    ]
    if differing:
        listed = "\n    ".join(differing)
        raise InputError(f"{path}: this checkpoint belongs to another run; remove it to start over:\n    {listed}")

"""One RunSpec becomes one Run: consumes the events of a training and keeps what is worth keeping."""

import dataclasses
import datetime
import functools
import importlib.metadata
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ablab.arithmetic import inspect
from ablab.atomic import atomic_write
from ablab.data.dataset import Dataset, Examples, Splits
from ablab.errors import AblabError, DataError, Diverged, Failed, InputError
from ablab.events import EpochDone, Finished, Noticed, Started
from ablab.execute import checkpoint_path, previous_checkpoint
from ablab.models import Io, build
from ablab.recipe import Recipe
from ablab.records import Cost, Machine, Observer, Origin, Run, RunSpec, Status
from ablab.train.checkpoint import facts, pack, rows
from ablab.train.loop import train
from ablab.train.pixels import mean_and_sd, value_counts
from ablab.train.splits import splits_of
from ablab.train.state import State
from ablab.train.trained import Trained
from ablab.train.trained import keep as keep_weights

PAUSE = 5.0  # seconds between two checkpoints at least; a run that is killed loses those, one that is stopped nothing


def run_one(
    wanted: RunSpec, dataset: Dataset, show: Observer, checkpoints: Path | None = None, weights: Path | None = None
) -> Run:
    """Train what is wanted and measure it; a training that fails ends in a run that says so, not in an error.

    With a folder for checkpoints, a run that was stopped goes on where it was; whoever keeps the run then forgets its
    checkpoint. With a file for weights, those of the selected epoch are kept there.
    """
    recipe, seed = wanted.recipe, wanted.seed
    splits = splits_of(recipe, dataset, seed)
    if wanted.explores:
        splits = without_test(splits)
    begun = time.monotonic()
    started: Started | None = None
    finished: Finished | None = None
    kept = _kept(wanted, checkpoints, show)
    curve, memory = list(rows(kept)) if kept else [], 0
    status: Status = "finished"
    note = ""
    try:
        with _checkpoints(wanted, checkpoints) as keep:
            for event in train(recipe, splits, seed, kept):
                if isinstance(event, EpochDone) and event.state and started:
                    keep(event.state, started)  # before it is shown: what a person has seen is not lost
                show(wanted, event)
                if isinstance(event, Started):
                    started = event
                    if kept:
                        show(wanted, Noticed(f"goes on behind epoch {len(curve)}, where it was stopped"))
                        for text in _changed(facts(kept)["machine"], machine(started)):
                            show(wanted, Noticed(text))
                elif isinstance(event, EpochDone):
                    curve.append(event.row)
                    memory = max(memory, event.memory)
                elif isinstance(event, Finished):
                    finished = event
                    if weights and event.state:
                        keep_weights(_trained(event.state, wanted, dataset, splits), weights)
    except Failed as error:
        status, note = "diverged" if isinstance(error, Diverged) else "failed", str(error)
        show(wanted, Noticed(note))
    if started is None:  # it failed before its first event
        raise AblabError(note)
    run = Run(
        spec=wanted,
        status=status,
        machine=machine(started),
        cost=Cost(
            seconds=sum(row.seconds for row in curve),
            wall_seconds=time.monotonic() - begun,
            epochs=len(curve),
            examples=sum(row.examples for row in curve),
            parameters=started.parameters,
            macs=macs(recipe, Io(*dataset.in_shape, len(dataset.classes))),
            memory=memory or None,
        ),
        untrained_loss=started.untrained_loss,
        curve=tuple(curve),
        note=note,
        origin=origin(),
    )
    if finished is None:
        return run
    return dataclasses.replace(
        run,
        selected_epoch=finished.selected_epoch,
        test=finished.test,
        predictions=finished.predictions,
        certainty=finished.certainty,
        train=finished.train,
        weights=finished.weights,
        stopped=finished.stopped,
    )


def without_test(splits: Splits) -> Splits:
    """The same images with those of validation in the place of the test images, which cannot be reached from there."""
    part, rows = splits.examples, splits.val
    return dataclasses.replace(splits, test=Examples(part.images[rows], part.labels[rows]))


@functools.lru_cache(maxsize=64)
def macs(recipe: Recipe, io: Io) -> int | None:
    """Multiply-adds of one image on its way forward; None where they cannot be counted."""
    try:
        with torch.device("meta"):
            net = build(recipe.model, io, **recipe.options)
        table = inspect(net, (io.channels, io.height, io.width))
    except AblabError:  # a user's own network may look at numbers, which meta has not
        return None
    return table.macs if table.is_complete else None


class _Keeper:
    """Writes a checkpoint now and then, and holds the bytes of the last epoch for when the run is stopped."""

    def __init__(self, wanted: RunSpec, folder: Path) -> None:
        self.wanted, self.path = wanted, checkpoint_path(folder, wanted.id)
        self.written_at = time.monotonic()
        self.waiting = b""

    def __call__(self, state: State, started: Started) -> None:
        self.waiting = pack(
            state,
            {
                "recipe": self.wanted.recipe.full(),
                "seed": self.wanted.seed,
                "fingerprint": self.wanted.fingerprint,
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


@contextmanager
def _checkpoints(wanted: RunSpec, folder: Path | None) -> Iterator[Any]:
    """A function that keeps an epoch; if the run is stopped inside, its last whole epoch is on the disk afterwards."""
    if folder is None:
        yield lambda _state, _started: None
        return
    keeper = _Keeper(wanted, folder)
    try:
        yield keeper
    except (KeyboardInterrupt, SystemExit):
        keeper.write()
        raise


def _kept(wanted: RunSpec, checkpoints: Path | None, show: Observer) -> bytes | None:
    """The newest whole checkpoint of a run, if there is one."""
    if not checkpoints:
        return None
    newest = checkpoint_path(checkpoints, wanted.id)
    for path in (newest, previous_checkpoint(newest)):
        if not path.exists():
            continue
        try:
            content = path.read_bytes()
            said = facts(content)
        except (DataError, OSError) as error:
            other = "the one before is tried" if path == newest else "the run starts anew"
            show(wanted, Noticed(f"{path}: the checkpoint cannot be used, so {other}: {error}"))
            continue
        _check_identity(path, said, wanted)
        return content
    return None


def _check_identity(path: Path, said: dict[str, Any], wanted: RunSpec) -> None:
    """Raise for the checkpoint of another run, with what is different."""
    mine = {**wanted.recipe.full(), "seed": wanted.seed, "data's fingerprint": wanted.fingerprint}
    other = {**said["recipe"], "seed": said["seed"], "data's fingerprint": said["fingerprint"]}
    differing = [
        f"{k} = {other.get(k)} there, {mine.get(k)} here" for k in {**mine, **other} if mine.get(k) != other.get(k)
    ]
    if differing:
        listed = "\n    ".join(differing)
        raise InputError(f"{path}: this checkpoint is of another run; remove it to start anew:\n    {listed}")


def _changed(before: dict[str, Any], now: Machine) -> Iterator[str]:
    """What is not as it was when the run began, though its last bits depend on it."""
    for key, value in dataclasses.asdict(now).items():
        if key not in ("name", "python") and before.get(key) != value:
            yield f"it began with {key} = {before.get(key)}, now {value}: the last bits may differ from an unbroken run"


def _trained(state: State, wanted: RunSpec, dataset: Dataset, splits: Splits) -> Trained:
    """The selected weights with what it takes to use them."""
    mean, sd = mean_and_sd(value_counts(splits.examples, splits.train))
    weights = dict(state.net.state_dict())
    recipe, shape = wanted.recipe.toml(), dataset.in_shape
    return Trained(weights, recipe, wanted.seed, dataset.classes, state.best_epoch, shape, mean, sd)


def origin() -> Origin:
    """When and with which code a run ended; without git, or outside a repository, no commit."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Origin(now, importlib.metadata.version("ablab"), _commit())


@functools.cache
def _commit() -> str:
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=12"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()


def machine(started: Started) -> Machine:
    """What bit-identical depends on, as far as it can be seen from here."""
    return Machine(
        name=platform.node(),
        device=started.device,
        threads=started.threads,
        precision=started.precision,
        torch=torch.__version__,
        python=platform.python_version(),
        capability=torch.backends.cpu.get_cpu_capability(),
    )

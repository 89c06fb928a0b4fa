"""One RunSpec becomes one Run: the events of a training, and what is worth keeping of them."""

import dataclasses
import datetime
import functools
import platform
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from pydantic import TypeAdapter

from ablab.arithmetic import inspect
from ablab.data.dataset import Dataset, Examples, Splits
from ablab.errors import AblabError, Diverged, Failed, Terminated
from ablab.events import EpochDone, Event, Finished, Noticed, Started
from ablab.models import Io, build
from ablab.operations import own_code
from ablab.own_code import BROKEN, told
from ablab.recipe import Recipe
from ablab.records import Cost, Machine, Origin, Run, RunSpec, Status
from ablab.train.checkpoint import facts, rows
from ablab.train.device import capability, return_memory
from ablab.train.loop import train
from ablab.train.pixels import mean_and_sd, value_counts
from ablab.train.splits import splits_of
from ablab.train.together import ALONE, Team
from ablab.train.trained import Trained
from ablab.version import VERSION

_MACHINE = TypeAdapter(Machine)


def run_one(
    spec: RunSpec, dataset: Dataset, checkpoint: bytes | None = None, team: Team = ALONE, runs: Path | None = None
) -> Iterator[Event | Run]:
    """The events of a training, and last of all its run. A training that fails ends in a run that says so, in no error.

    With a checkpoint it goes on from there, with the help of a team where there is one. `runs` is the folder with
    the weights of other runs. The consumer of the events keeps checkpoints and weights, if any.
    """
    recipe = spec.recipe
    begun = time.monotonic()
    started: Started | None = None
    finished: Finished | None = None
    curve, memory = list(rows(checkpoint)) if checkpoint else [], 0
    status: Status = "finished"
    note = ""
    try:
        events = train(recipe, splits_for(spec, dataset), spec.seed, checkpoint, team, runs)
        for event in own_faults_told(events, recipe):
            yield event
            if isinstance(event, Started):
                started = event
                if checkpoint:
                    yield Noticed(f"continues after epoch {len(curve)}, where it stopped")
                    yield from map(Noticed, changed(before(checkpoint), machine(started)))
            elif isinstance(event, EpochDone):
                curve.append(event.row)
                memory = max(memory, event.memory)
            elif isinstance(event, Finished):
                finished = event
    except Failed as error:
        status, note = "diverged" if isinstance(error, Diverged) else "failed", str(error)
        yield Noticed(note)
    return_memory()
    if started is None:  # it failed before its first event
        raise AblabError(note)
    run = Run(
        spec=spec,
        status=status,
        machine=machine(started, checkpoint),
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
    if finished:
        run = dataclasses.replace(
            run,
            selected_epoch=finished.selected_epoch,
            test=finished.test,
            predictions=finished.predictions,
            certainty=finished.certainty,
            train=finished.train,
            weights=finished.weights,
            confusions=finished.confusions,
            stopped=finished.stopped,
        )
    yield run


def own_faults_told(events: Iterator[Event], recipe: Recipe) -> Iterator[Event]:
    """The same events. An error of a user's own code, or its end of Python, becomes the failure of this run."""
    own = own_code(recipe.changes())
    while True:
        try:
            event = next(events, None)
        except (AblabError, Terminated):
            raise
        except BROKEN as error:
            if not own:
                raise
            raise Failed(f"{', '.join(own)}: {told(error)}") from error
        if event is None:
            return
        yield event


def splits_for(spec: RunSpec, dataset: Dataset) -> Splits:
    """What a run trains on and is measured on."""
    splits = splits_of(spec.recipe, dataset, spec.seed)
    return without_test(splits) if spec.explores else splits


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


def before(checkpoint: bytes) -> Machine:
    """Where the run was when it was stopped; older versions knew less of it."""
    return _MACHINE.validate_python(facts(checkpoint)["machine"])


def changes(there: Machine, here: Machine) -> Iterator[tuple[str, object, object]]:
    """What is not as it was when the run was stopped, though its last bits depend on it: the fact, then and now."""
    for field in dataclasses.fields(Machine):
        old, new = getattr(there, field.name), getattr(here, field.name)
        if field.name not in ("name", "python", "resumed") and old != new:
            yield field.name, old, new


def changed(there: Machine, here: Machine) -> Iterator[str]:
    """The same as sentences."""
    for fact, old, new in changes(there, here):
        yield f"it began with {fact} = {old}, now {new}: the last bits may differ from those of an uninterrupted run"


def trained(event: Finished, spec: RunSpec, dataset: Dataset) -> Trained:
    """The selected weights with what it takes to use them."""
    splits = splits_for(spec, dataset)
    mean, sd = mean_and_sd(value_counts(splits.examples, splits.train))
    weights = dict(event.state.net.state_dict())
    recipe, shape = spec.recipe.toml(), dataset.in_shape
    return Trained(weights, recipe, spec.seed, dataset.classes, event.selected_epoch, shape, mean, sd)


def origin() -> Origin:
    """When and with which code a run ended; without git, or outside a repository, no commit."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return Origin(now, VERSION, _commit())


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


def machine(started: Started, checkpoint: bytes | None = None) -> Machine:
    """What bit-identical depends on, as far as it can be seen from here; with what a checkpoint says of before."""
    here = Machine(
        name=platform.node(),
        device=started.device,
        threads=started.threads,
        precision=started.precision,
        torch=torch.__version__,
        python=platform.python_version(),
        capability=", ".join(filter(None, (capability(), started.kernels))),
        processes=started.processes,
    )
    if checkpoint is None:
        return here
    there = before(checkpoint)
    new = (f"{fact} = {old}, then {new}" for fact, old, new in changes(there, here))
    return dataclasses.replace(here, resumed=(*there.resumed, *new))

"""One Wanted becomes one Run: consumes the events of a training and keeps what is worth keeping."""

import dataclasses
import platform
import time
from pathlib import Path

import torch

from ablab.atomic import atomic_write
from ablab.data.dataset import Dataset
from ablab.data.split import split
from ablab.errors import DataError, Diverged
from ablab.execute import Show, checkpoint_path
from ablab.records import Cost, EpochRow, Machine, Run, Wanted
from ablab.train.checkpoint import facts, pack
from ablab.train.events import EpochDone, Finished, Noticed, Started
from ablab.train.loop import train

PAUSE = 5.0  # seconds between two checkpoints at least: a run that is killed loses those, or the epoch that it was in


def carry(wanted: Wanted, dataset: Dataset, show: Show, checkpoints: Path | None = None) -> Run:
    """Train what is wanted and measure it; a loss that is not finite ends in a run that says so, not in an error.

    With a folder for checkpoints, a run that was stopped goes on where it was; whoever keeps the run then forgets its
    checkpoint.
    """
    recipe, seed = wanted.recipe, wanted.seed
    splits = split(dataset, seed, fraction=recipe.val, split_seed=recipe.split_seed, train_images=recipe.train_images)
    begun = time.monotonic()
    started: Started | None = None
    finished: Finished | None = None
    kept, kept_at = _kept(wanted, checkpoints, show), begun
    curve = [EpochRow(**row) for row in facts(kept)["curve"]] if kept else []
    note = ""
    try:
        for event in train(recipe, splits, seed, kept):
            show(wanted, event)
            if isinstance(event, Started):
                started = event
                if curve:
                    show(wanted, Noticed(f"goes on behind epoch {len(curve)}, where it was stopped"))
            elif isinstance(event, EpochDone):
                curve.append(event.row)
                if checkpoints and event.row.epoch < recipe.epochs and time.monotonic() - kept_at >= PAUSE:
                    content = pack(event.state, {"curve": [dataclasses.asdict(row) for row in curve]})
                    checkpoints.mkdir(parents=True, exist_ok=True)
                    atomic_write(checkpoint_path(checkpoints, wanted.id), content)
                    kept_at = time.monotonic()
            elif isinstance(event, Finished):
                finished = event
    except Diverged as error:
        note = str(error)
        show(wanted, Noticed(note))
    assert started is not None  # the first event of every training
    run = Run(
        wanted=wanted,
        status="finished" if finished else "diverged",
        machine=machine(started),
        cost=Cost(
            seconds=sum(row.seconds for row in curve),
            wall_seconds=time.monotonic() - begun,
            epochs=len(curve),
            examples=len(curve) * len(splits.train),
            parameters=started.parameters,
        ),
        untrained_loss=started.untrained_loss,
        curve=tuple(curve),
        note=note,
    )
    if finished is None:
        return run
    return dataclasses.replace(
        run, selected_epoch=finished.selected_epoch, test=finished.test, predictions=finished.predictions
    )


def _kept(wanted: Wanted, checkpoints: Path | None, show: Show) -> bytes | None:
    """The checkpoint of a run, if there is a whole one."""
    path = checkpoints and checkpoint_path(checkpoints, wanted.id)
    if not path or not path.exists():
        return None
    try:
        content = path.read_bytes()
        facts(content)
    except (DataError, OSError) as error:
        show(wanted, Noticed(f"{path}: the checkpoint cannot be used, so the run starts anew: {error}"))
        return None
    return content


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

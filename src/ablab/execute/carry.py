"""One Wanted becomes one Run: consumes the events of a training and keeps what is worth keeping."""

import dataclasses
import platform
import time

import torch

from ablab.data.dataset import Dataset
from ablab.data.split import split
from ablab.errors import Diverged
from ablab.execute import Show
from ablab.records import Cost, EpochRow, Machine, Run, Wanted
from ablab.train.events import EpochDone, Finished, Noticed, Started
from ablab.train.loop import train


def carry(wanted: Wanted, dataset: Dataset, show: Show) -> Run:
    """Train what is wanted and measure it; a loss that is not finite ends in a run that says so, not in an error."""
    recipe, seed = wanted.recipe, wanted.seed
    splits = split(dataset, seed, fraction=recipe.val, split_seed=recipe.split_seed, train_images=recipe.train_images)
    begun = time.monotonic()
    started: Started | None = None
    finished: Finished | None = None
    curve: list[EpochRow] = []
    note = ""
    try:
        for event in train(recipe, splits, seed):
            show(wanted, event)
            if isinstance(event, Started):
                started = event
            elif isinstance(event, EpochDone):
                curve.append(event.row)
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

"""work(): what a worker of a drop folder does: take a run, train it, leave it there, until nothing more is wanted."""

import dataclasses
import json
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ablab import wire
from ablab.errors import AblabError, DataError
from ablab.events import Started
from ablab.execute.checkpoints import resumed
from ablab.execute.drop import Claim, Drop
from ablab.recipe import Recipe
from ablab.records import Observer, Run

if TYPE_CHECKING:
    from ablab.data.dataset import Dataset

POLL = 0.5  # seconds between two looks where nothing is offered
ALIVE = 15.0  # seconds between two signs of life

Load = Callable[[Recipe], "Dataset"]


def work(drop: Drop, load: Load, observe: Observer, wait: float) -> int:
    """Carry out runs until the owner closes the folder, or until none has been offered for so many seconds.

    Gives the number of runs. A worker that is stopped keeps the last epoch as a checkpoint and offers its run again.
    """
    drop.check_worker()
    done, offered_at = 0, time.monotonic()
    while True:
        if claim := drop.take():
            done += _carried_out(drop, claim, load, observe)
            offered_at = time.monotonic()
        elif not drop.said()["open"] or time.monotonic() - offered_at > wait:
            return done
        else:
            time.sleep(POLL)


def _carried_out(drop: Drop, claim: Claim, load: Load, observe: Observer) -> bool:
    """Whether the run, or the error that it came to, was handed in; if not, another worker may take it."""
    try:
        dataset = _data(claim, load)  # an error is one of this machine: it ends the worker, and not the study
        with _signs_of_life(drop, claim):
            return _trained(drop, claim, dataset, observe)
    finally:
        drop.give_back(claim)


def _trained(drop: Drop, claim: Claim, dataset: "Dataset", observe: Observer) -> bool:
    weights = drop.root / "weights" if drop.said()["weights"] else None
    try:
        with closing(resumed(claim.spec, dataset, drop.root / "checkpoints", weights)) as items:
            for item in items:
                if not drop.has(claim):
                    return False
                if isinstance(item, Run):
                    drop.finish(claim, wire.line(item))
                    return True
                event = dataclasses.replace(item, node=platform.node()) if isinstance(item, Started) else item
                drop.tell(claim, wire.line(event))
                observe(claim.spec, event)
    except AblabError as error:
        drop.finish(claim, json.dumps({"error": f"on {platform.node()}: {error}"}).encode())
        return True
    raise AssertionError("a training ends in its run")


def _data(claim: Claim, load: Load) -> "Dataset":
    """The images, which have to be the owner's."""
    dataset = load(claim.spec.recipe)
    if dataset.fingerprint != claim.spec.fingerprint:
        raise DataError(
            f"data = {claim.spec.recipe.data}: the images here are not those of the owner (fingerprint "
            f"{dataset.fingerprint[:12]} here, {claim.spec.fingerprint[:12]} there): copy them, or name their folder "
            "with --data-root"
        )
    return dataset


@contextmanager
def _signs_of_life(drop: Drop, claim: Claim) -> Iterator[None]:
    """Touch the claim now and then, however long an epoch takes."""
    is_over = threading.Event()

    def touch() -> None:
        while not is_over.wait(ALIVE):
            drop.touch(claim)

    thread = threading.Thread(target=touch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()

"""Ray's side of a run: one task on a node of a cluster, which hands in every event, checkpoints, and last the run."""

import dataclasses
import json
import time
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
import torch

from ablab import wire
from ablab.data.dataset import Dataset, Examples
from ablab.errors import AblabError
from ablab.events import EpochDone, Finished, Started
from ablab.execute.checkpoints import PACKING, packed
from ablab.execute.run_one import machine, run_one, trained
from ablab.records import Machine, Run, RunSpec
from ablab.train.device import usual_threads
from ablab.train.state import State

HandIn = Callable[..., bool]  # (line, content): whether to go on
CHECKPOINT, WEIGHTS = b'{"file": "checkpoint"}', b'{"file": "weights"}'


@dataclass(frozen=True)
class Terms:
    """What the driver asks of every task."""

    threads: int
    pause: float  # seconds between two checkpoints at least
    rate: float  # bytes of checkpoints a second that this task may send
    keeps_weights: bool = False


def carry_out(spec: dict[str, Any], data: Any, checkpoint: Any, terms: Terms, task: str, desk: Any) -> None:
    """Train a run and hand in all that happens. It ends in the run, an error, or in that it was stopped."""

    def hand_in(line: bytes, content: bytes | None = None) -> bool:
        # One array is shared memory on its way to the driver; bytes would be copied at every hop.
        array = None if content is None else np.frombuffer(content, np.uint8)
        return bool(ray.get(desk.hand_in.remote(task, line, array)))

    torch.set_num_threads(terms.threads)  # before anyone asks what is usual
    usual_threads.cache_clear()
    start = None if checkpoint is None else checkpoint.tobytes()
    try:
        is_done = _handed_in(wire.spec_of(spec), dataset_of(data), start, terms, hand_in)
    except AblabError as error:
        hand_in(json.dumps({"error": str(error)}).encode())
    else:
        if not is_done:
            hand_in(b'{"stopped": true}')


def _handed_in(spec: RunSpec, dataset: Dataset, start: bytes | None, terms: Terms, hand_in: HandIn) -> bool:
    """Whether it came to its run; it stops at the first event after which the run is not wanted any more."""
    sender: Sender | None = None
    with closing(run_one(spec, dataset, start)) as events:  # type: ignore[type-var]
        for event in events:
            if isinstance(event, Started):
                sender = Sender(spec, machine(event, start), terms, hand_in)
                event = dataclasses.replace(event, node=ray.get_runtime_context().get_node_id())
            elif isinstance(event, EpochDone) and sender:
                sender(event.state)  # before the event: what a person has seen is not lost
            elif isinstance(event, Finished) and terms.keeps_weights and not spec.explores:
                hand_in(WEIGHTS, trained(event, spec, dataset).packed())
            if not hand_in(wire.line(event)) and not isinstance(event, Run):
                if isinstance(event, EpochDone) and sender:
                    sender.send(event.state)
                return False
    return True


class Sender:
    """Sends checkpoints now and then: not before the pause is over, and never faster than the budget allows."""

    def __init__(self, spec: RunSpec, machine: Machine, terms: Terms, hand_in: HandIn) -> None:
        self.spec, self.machine, self.terms, self.hand_in = spec, machine, terms, hand_in
        self.due = time.monotonic() + terms.pause

    def __call__(self, state: State) -> None:
        if time.monotonic() >= self.due:
            self.send(state)

    def send(self, state: State) -> None:
        begun = time.monotonic()
        content = packed(self.spec, self.machine, state)
        took = time.monotonic() - begun
        self.hand_in(CHECKPOINT, content)
        self.due = begun + max(self.terms.pause, len(content) / self.terms.rate, took / PACKING)


def data_value(dataset: Dataset) -> Any:
    """A data set as numpy arrays: Ray keeps those once a node and maps them into every worker there."""
    parts = [
        None if part is None else (part.images.numpy(), part.labels.numpy())
        for part in (dataset.train, dataset.test, dataset.val)
    ]
    return dataset.name, dataset.classes, dataset.fingerprint, parts


_datasets: dict[str, Dataset] = {}  # of this worker, which carries out many runs on the same data


def dataset_of(value: Any) -> Dataset:
    """The data set of such a value, in the memory that all workers of the node share."""
    name, classes, fingerprint, parts = value
    if fingerprint not in _datasets:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*not writable")  # nobody writes into images
            train, test, val = (part and Examples(*map(torch.from_numpy, part)) for part in parts)
        dataset = Dataset(name, classes, train, test, val)
        dataset.__dict__["fingerprint"] = fingerprint  # the driver has computed it
        _datasets[fingerprint] = dataset
    return _datasets[fingerprint]

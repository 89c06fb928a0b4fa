"""What a training run reports, in order: Started, now and then Noticed, EpochDone after each epoch, Finished.

A study adds a Projection whenever all runs that it wanted at a look have ended.
"""

from dataclasses import dataclass, field
from typing import Any

from ablab.records import EpochRow, Measurement, RunSpec, Weights


@dataclass(frozen=True)
class Started:
    """Everything is in place and nothing is trained yet. The first event of every run."""

    parameters: int
    device: str
    precision: str
    threads: int
    train_images: int
    val_images: int
    untrained_loss: float  # on the validation images
    epoch_seconds: float  # what an epoch of training will take, from one step
    kernels: str = ""  # which of our own ran in the network
    node: str = ""  # of a cluster, where it runs; empty on this machine
    processes: int = 1  # that train it together


@dataclass(frozen=True)
class Noticed:
    """Something that a person should look at; the run goes on."""

    text: str


@dataclass(frozen=True)
class EpochDone:
    """One more epoch. `state` is valid until the next event is asked for: the run stands still until then."""

    row: EpochRow
    is_best: bool
    state: Any = field(default=None, repr=False)  # train's State, which torch belongs to; None from another process
    memory: int = 0  # bytes that the process holds, or the most that the GPU held so far


@dataclass(frozen=True)
class Finished:
    """The one measurement on the test images, with the weights of the selected epoch."""

    selected_epoch: int
    test: Measurement
    predictions: bytes = field(
        repr=False
    )  # the class of every test image: one byte, two (little-endian) above 256 classes
    is_biased: bool  # the epoch was chosen on the test images themselves
    seconds: float  # of training
    wall_seconds: float  # of everything, the consumer of the events included
    state: Any = field(default=None, repr=False)  # with the weights of the selected epoch; None from another process
    stopped: str = ""  # why it ended before its last epoch
    certainty: bytes = field(default=b"", repr=False)  # the probability of the class given, in 255ths
    train: Measurement | None = None  # on a sample of the training images, without augmentation and dropout
    weights: Weights | None = None
    confusions: dict[str, bytes] = field(default_factory=dict, repr=False)  # of validation and of the training sample


@dataclass(frozen=True)
class Projection:
    """What is left if effects are as large as the margin and runs take as long as those before."""

    decided: int  # comparisons that are, of all
    comparisons: int
    seeds: int  # that will have been trained in the end
    coming: tuple[RunSpec, ...]  # runs that are still to come
    seconds: float | None  # of one run after the other; None before any is there
    short: tuple[str, ...]  # variants that would want more seeds than the study allows

    @property
    def runs(self) -> int:
        return len(self.coming)


Event = Started | Noticed | EpochDone | Finished

"""State: all that changes during a run, so all that a checkpoint has to hold."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from ablab import randomness
from ablab.catalogue import is_own
from ablab.models import Io, build
from ablab.models.initial import borrowed_generator, initialise, initialise_own
from ablab.operations import is_start
from ablab.pinned import name_of
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement
from ablab.train.average import Average, make_average
from ablab.train.device import Hardware
from ablab.train.frozen import freeze
from ablab.train.optimizers import make_optimizer
from ablab.train.start import kept_weights, lay_over

Weights = dict[str, Tensor]


@dataclass
class State:
    """The network and its optimizer as they are, and the epoch that would be selected if the run ended now.

    No random state is in it: every draw is keyed by (seed, purpose, epoch).
    """

    net: nn.Module = field(repr=False)
    optimizer: torch.optim.Optimizer = field(repr=False)
    average: Average | None = field(default=None, repr=False)
    scaler: "torch.amp.GradScaler | None" = field(default=None, repr=False)
    curve: list[EpochRow] = field(default_factory=list, repr=False)
    best_epoch: int = 0
    best: Measurement | None = None  # what the selected epoch was selected by
    best_weights: Weights = field(default_factory=dict, repr=False)

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.curve)

    def measured(self) -> contextlib.AbstractContextManager[None]:
        """While it is open, the network has the weights that are measured and selected."""
        return self.average.in_place_of() if self.average else contextlib.nullcontext()

    def select(self, judged: Measurement) -> None:
        """Make the epoch just done the selected one."""
        self.best_epoch, self.best = self.epoch, judged
        with self.measured():
            for name, tensor in self.net.state_dict().items():
                if name in self.best_weights:
                    self.best_weights[name].copy_(tensor)
                else:
                    self.best_weights[name] = tensor.clone()

    def restore_selected(self) -> None:
        """Put the weights of the selected epoch into the network."""
        self.net.load_state_dict(self.best_weights)


@dataclass(frozen=True)
class Beginning:
    """A network as it starts, on the CPU, and what a person should know of that."""

    net: nn.Module
    remarks: tuple[str, ...] = ()


def initial_network(recipe: Recipe, io: Io, seed: int, runs: Path | None = None) -> nn.Module:
    """The network of the recipe as it starts with the seed, on the CPU."""
    return begin(recipe, io, seed, runs).net


def begin(recipe: Recipe, io: Io, seed: int, runs: Path | None = None) -> Beginning:
    """The network with the initial weights of the seed, or with those that its recipe names, and its remarks.

    Kept weights of runs are in the folder `runs`.
    """
    # What a constructor draws is drawn anew by name, or is a weight of a user's own making: then it is the seed's too.
    with borrowed_generator(randomness.number(seed, "build")):
        net = build(recipe.model, io, **recipe.options)
    drawn = "torch" if is_start(recipe.init) else recipe.init
    (initialise_own if is_own(recipe.model) else initialise)(net, seed, drawn)
    return Beginning(net, prepare(recipe, net, io.classes, runs))


def prepare(recipe: Recipe, net: nn.Module, classes: int, runs: Path | None) -> tuple[str, ...]:
    """Lay kept weights over a network and freeze what its recipe does not train; what is to be said of both."""
    remarks = []
    if is_start(recipe.init):
        fresh = lay_over(net, kept_weights(recipe.init, runs), classes, recipe.init)
        remarks.append(f"starts from the weights of {name_of(recipe.init)}")
        if fresh:
            remarks[0] += (
                f"; {', '.join(fresh)} start from random values, because the head there does not have {classes} classes"
            )
    return tuple(filter(None, (*remarks, freeze(net, recipe.train_only, classes))))


def initial_state(recipe: Recipe, net: nn.Module, hardware: Hardware, steps: int = 1) -> State:
    """The network where it will be trained, over so many steps, with a fresh optimizer."""
    net = net.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    optimizer = optimizer_of(recipe, net)
    scaler = torch.amp.GradScaler(hardware.device.type) if hardware.precision == "fp16" else None
    return State(net, optimizer, make_average(recipe.average, net, steps), scaler)


def optimizer_of(recipe: Recipe, net: nn.Module) -> torch.optim.Optimizer:
    """The recipe's update rule over the weights of a network."""
    return make_optimizer(
        recipe.optimizer,
        net,
        lr=recipe.lr,
        weight_decay=recipe.weight_decay,
        decay=recipe.decay,
        lr_scale=recipe.lr_scale,
    )

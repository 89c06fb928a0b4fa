"""State: all that changes during a run, so all that a checkpoint has to hold."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ablab import keys
from ablab.models import Io, build
from ablab.models.initial import borrowed_generator, initialise, initialise_own
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.train.device import Hardware
from ablab.train.optimizers import make_optimizer

Weights = dict[str, Tensor]


@dataclass
class State:
    """The network and its optimizer as they are, and the epoch that would be selected if the run ended now.

    No random state is in it: every draw is keyed by (seed, purpose, epoch).
    """

    net: nn.Module = field(repr=False)
    optimizer: torch.optim.Optimizer = field(repr=False)
    epoch: int = 0  # epochs done
    best_epoch: int = 0
    best: Measurement | None = None  # what the selected epoch was selected by
    best_weights: Weights = field(default_factory=dict, repr=False)

    def select(self, judged: Measurement) -> None:
        """Make the epoch just done the selected one."""
        self.best_epoch, self.best = self.epoch, judged
        for name, tensor in self.net.state_dict().items():
            if name in self.best_weights:
                self.best_weights[name].copy_(tensor)
            else:
                self.best_weights[name] = tensor.clone()

    def restore_selected(self) -> None:
        """Put the weights of the selected epoch into the network."""
        if self.best_epoch != self.epoch:
            self.net.load_state_dict(self.best_weights)


def initial_state(recipe: Recipe, io: Io, seed: int, hardware: Hardware) -> State:
    """The network of the recipe with the initial weights of the seed, and a fresh optimizer."""
    is_own = ":" in recipe.model
    # What a constructor draws is drawn anew by name, or is a weight of a user's own making: then it is the seed's too.
    with borrowed_generator(keys.number(seed, "build")):
        net = build(recipe.model, io, **recipe.options)
    net = (initialise_own if is_own else initialise)(net, seed, recipe.init)
    net = net.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    return State(net, make_optimizer(recipe.optimizer, net, lr=recipe.lr, weight_decay=recipe.weight_decay))

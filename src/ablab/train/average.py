"""Averaged weights: what is measured and selected in place of the weights that are trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import torch
from torch import Tensor, nn

from ablab.catalogue import mark
from ablab.operations import named

Weights = dict[str, Tensor]


class Average:
    """Weights beside those that are trained. `weights` is all that a checkpoint has to hold of it, with `steps`.

    What is not averaged (counts, such as how many batches a norm has seen) is the network's own.
    """

    def __init__(self, net: nn.Module) -> None:
        self.steps = 0
        self.own: Weights = net.state_dict()  # the network's own tensors, which training changes in place
        self.weights: Weights = {
            name: tensor.detach().clone() for name, tensor in self.own.items() if tensor.is_floating_point()
        }

    def follow(self) -> None:
        """Take in one step of training."""
        raise NotImplementedError

    @contextmanager
    def in_place_of(self) -> Iterator[None]:
        """While it is open, the network has the averaged weights."""
        own = self.own
        kept = {name: own[name].clone() for name in self.weights}
        _copy(self.weights, own)
        try:
            yield
        finally:
            _copy(kept, own)


class Ema(Average):
    """Each step moves the average by a small share towards the weights (Polyak & Juditsky 1992, with forgetting).

    The share is larger at first, or the random start would stay in the average: what is kept is
    (steps + 1) / (steps + 10) at most.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        super().__init__(net)
        self.decay = decay

    @torch.no_grad()
    def follow(self) -> None:
        self.steps += 1
        kept = min(self.decay, (self.steps + 1) / (self.steps + 10))
        own = self.own
        torch._foreach_lerp_(list(self.weights.values()), [own[name] for name in self.weights], 1 - kept)


class Lookahead(Average):
    """Every few steps the average moves part of the way to the weights, which go back to it (Zhang et al. 2019).

    Where it grows, it moves all the way at first, and the part that it stays behind grows as a power of the share of
    the run that is done (Jordan 2024).
    """

    def __init__(self, net: nn.Module, every: int, share: float, grow: float, steps: int) -> None:
        super().__init__(net)
        self.every, self.share, self.grow, self.whole = every, share, grow, steps
        self.trained = [name for name, _ in net.named_parameters()]

    @torch.no_grad()
    def follow(self) -> None:
        self.steps += 1
        if self.steps % self.every:
            return
        own = self.own
        slow, fast = [self.weights[name] for name in self.trained], [own[name] for name in self.trained]
        torch._foreach_lerp_(slow, fast, self._share_now())
        torch._foreach_copy_(fast, slow)
        _copy({name: own[name] for name in self.weights if name not in self.trained}, self.weights)

    def _share_now(self) -> float:
        if not self.grow:
            return self.share
        return float(1 - (1 - self.share) * min(1.0, self.steps / self.whole) ** self.grow)


@mark("average", "ema")
def ema(
    net: nn.Module,
    steps: int,  # noqa: ARG001 (it is the same however long the run is)
    *,
    decay: Annotated[float, "(0, 1)"] = 0.998,
) -> Average:
    """An exponential moving average over the steps."""
    return Ema(net, decay)


@mark("average", "lookahead")
def lookahead(
    net: nn.Module,
    steps: int,
    *,
    every: Annotated[int, "[1, inf)"] = 5,
    share: Annotated[float, "(0, 1]"] = 0.5,
    grow: Annotated[float, "[0, 100]"] = 0.0,
) -> Average:
    """Slow weights that the trained ones return to every few steps; with `grow`, they hold them back more and more."""
    return Lookahead(net, every, share, grow, steps)


def make_average(text: str, net: nn.Module, steps: int = 1) -> Average | None:
    """The average that `text` names, over a run of so many steps; None for none."""
    made: list[Average] = [operation.load()(net, steps) for operation in named("average", text)]
    return made[0] if made else None


@torch.no_grad()
def _copy(source: Weights, target: Weights) -> None:
    for name, tensor in source.items():
        target[name].copy_(tensor)

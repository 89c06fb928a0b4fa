"""Learning rate as a function of the step: every schedule, and the warm-up before it."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Annotated

from ablab.catalogue import mark
from ablab.operations import named

Share = Annotated[float, "[0, 1]"]
LOWER = 1e-4  # a loss counts as lower if it is by this share (as in PyTorch's ReduceLROnPlateau)


@mark("schedule", "constant")
def constant(progress: float) -> float:
    """The same learning rate all the time."""
    return 1.0 + 0.0 * progress


@mark("schedule", "linear")
def linear(progress: float, *, end: Share = 0.0) -> float:
    """Falls in a straight line to `end` times the learning rate."""
    return 1.0 - (1.0 - end) * progress


@mark("schedule", "triangle")
def triangle(progress: float, *, rise: Share = 0.2, start: Share = 0.2, end: Share = 0.07) -> float:
    """Rises in a straight line from `start` to 1 over the share `rise`, then falls in one to `end` (Jordan 2024)."""
    if progress < rise:
        return start + (1.0 - start) * progress / rise
    return 1.0 - (1.0 - end) * (progress - rise) / max(1.0 - rise, 1e-12)


@mark("schedule", "cosine")
def cosine(progress: float, *, end: Share = 0.0) -> float:
    """Falls along half a cosine to `end` times the learning rate (Loshchilov & Hutter 2016, without restarts)."""
    return end + (1.0 - end) * (1.0 + math.cos(math.pi * progress)) / 2


@mark("schedule", "step")
def step(progress: float, *, every: Annotated[float, "(0, 1]"] = 0.3, factor: Share = 0.1) -> float:
    """Falls to `factor` of itself after each share `every` of the run."""
    return float(factor ** math.floor(progress / every + 1e-9))


@mark("schedule", "multistep")
def multistep(progress: float, *, first: Share = 0.5, second: Share = 0.75, factor: Share = 0.1) -> float:
    """Falls to `factor` of itself at the shares `first` and `second` of the run (as in He et al. 2015)."""
    return float(factor ** ((progress + 1e-9 >= first) + (progress + 1e-9 >= second)))


@mark("schedule", "onecycle")
def onecycle(progress: float, *, rise: Share = 0.3, start: Share = 0.04, end: Share = 0.0) -> float:
    """Rises along half a cosine from `start` to 1 over the share `rise`, then falls to `end` (Smith & Topin 2017)."""
    if progress < rise:
        return start + (1.0 - start) * (1.0 - math.cos(math.pi * progress / rise)) / 2
    return end + (1.0 - end) * (1.0 + math.cos(math.pi * (progress - rise) / max(1.0 - rise, 1e-12))) / 2


@mark("schedule", "plateau")
def plateau(
    progress: float,  # noqa: ARG001 (it goes by what has been reached)
    losses: Sequence[float],
    *,
    patience: Annotated[float, "[0, 1e6]"] = 3,
    factor: Share = 0.1,
    least: Share = 0.0,
) -> float:
    """Falls to `factor` of itself after more than `patience` epochs without a lower validation loss."""
    share, best, since = 1.0, math.inf, 0
    for loss in losses:
        since = 0 if loss < best * (1 - LOWER) else since + 1
        best = min(best, loss) if since == 0 else best
        if since > patience:
            share, since = max(share * factor, least), 0
    return share


def lr_at(
    schedule: str, lr: float, step: int, steps: int, warmup_steps: float = 0.0, losses: Sequence[float] = ()
) -> float:
    """The learning rate of step `step` of `steps` (the first is 0), after epochs with these validation losses.

    It rises in a straight line over the warm-up, of which the first step has its share already, and follows the
    schedule over the rest.

    >>> [round(lr_at("cosine", 1.0, step, 4), 3) for step in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    >>> [lr_at("constant", 1.0, step, 4, warmup_steps=2) for step in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """
    if step + 1 < warmup_steps:
        return lr * (step + 1) / warmup_steps
    function, looks_back = _function(schedule)
    progress = max(step - warmup_steps, 0.0) / (steps - warmup_steps)
    return float(lr * (function(progress, losses) if looks_back else function(progress)))


@functools.cache  # asked at every step
def _function(text: str) -> tuple[Callable[..., float], bool]:
    """The function that `text` names, and whether it goes by validation losses."""
    (operation,) = named("schedule", text)
    return operation.load(), "losses" in operation.entry.parameters

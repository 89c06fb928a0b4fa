"""Learning rate as a function of the step: every schedule, and the warm-up before it."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from ablab.catalogue import mark
from ablab.errors import RecipeError
from ablab.train.named import named, within

LOWER = 1e-4  # a loss counts as lower if it is by this share (as in PyTorch's ReduceLROnPlateau)


@mark("schedule", "constant")
def constant(progress: float) -> float:
    """The same learning rate all the time."""
    return 1.0 + 0.0 * progress


@mark("schedule", "linear")
def linear(progress: float, *, end: float = 0.0) -> float:
    """Falls in a straight line to `end` times the learning rate."""
    return 1.0 - (1.0 - end) * progress


@mark("schedule", "cosine")
def cosine(progress: float, *, end: float = 0.0) -> float:
    """Falls along half a cosine to `end` times the learning rate (Loshchilov & Hutter 2016, without restarts)."""
    return end + (1.0 - end) * (1.0 + math.cos(math.pi * progress)) / 2


@mark("schedule", "step")
def step(progress: float, *, every: float = 0.3, factor: float = 0.1) -> float:
    """Falls to `factor` of itself after each share `every` of the run."""
    if not every:
        raise RecipeError("schedule = step(every=0): every must be above 0, such as 0.3")
    return float(factor ** math.floor(progress / every + 1e-9))


@mark("schedule", "multistep")
def multistep(progress: float, *, first: float = 0.5, second: float = 0.75, factor: float = 0.1) -> float:
    """Falls to `factor` of itself at the shares `first` and `second` of the run (as in He et al. 2015)."""
    return float(factor ** ((progress + 1e-9 >= first) + (progress + 1e-9 >= second)))


@mark("schedule", "onecycle")
def onecycle(progress: float, *, rise: float = 0.3, start: float = 0.04, end: float = 0.0) -> float:
    """Rises along half a cosine from `start` to 1 over the share `rise`, then falls to `end` (Smith & Topin 2017)."""
    if progress < rise:
        return start + (1.0 - start) * (1.0 - math.cos(math.pi * progress / rise)) / 2
    return end + (1.0 - end) * (1.0 + math.cos(math.pi * (progress - rise) / max(1.0 - rise, 1e-12))) / 2


@mark("schedule", "plateau")
def plateau(
    progress: float,  # noqa: ARG001 (it goes by what has been reached)
    losses: Sequence[float],
    *,
    patience: float = 3,
    factor: float = 0.1,
    least: float = 0.0,
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
    function, options, looks_back = check_schedule(schedule)
    progress = max(step - warmup_steps, 0.0) / (steps - warmup_steps)
    return float(lr * (function(progress, losses, **options) if looks_back else function(progress, **options)))


@functools.cache  # asked at every step
def check_schedule(text: str) -> tuple[Callable[..., float], dict[str, Any], bool]:
    """The function that `text` names, its options, and whether it goes by validation losses; or a RecipeError."""
    entry, options = named("train", "schedule", text)
    for option, value in options.items():
        within(f"schedule = {text}", option, value, 0, 1e6 if option == "patience" else 1)
    return entry.load(), options, "losses" in entry.parameters

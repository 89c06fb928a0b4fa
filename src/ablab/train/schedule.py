"""Learning rate as a function of the step: every schedule, and the warm-up before it."""

import functools
import math
from typing import Any

from ablab import grammar
from ablab.errors import RecipeError, did_you_mean
from ablab.find import find, mark


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


def lr_at(schedule: str, lr: float, step: int, steps: int, warmup_steps: float = 0.0) -> float:
    """The learning rate of step `step` of `steps` (the first is 0).

    It rises in a straight line over the warm-up, of which the first step has its share already, and follows the
    schedule over the rest.

    >>> [round(lr_at("cosine", 1.0, step, 4), 3) for step in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    >>> [lr_at("constant", 1.0, step, 4, warmup_steps=2) for step in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """
    if step + 1 < warmup_steps:
        return lr * (step + 1) / warmup_steps
    function, options = check_schedule(schedule)
    progress = max(step - warmup_steps, 0.0) / (steps - warmup_steps)
    return float(lr * function(progress, **options))


@functools.cache  # asked at every step
def check_schedule(text: str) -> tuple[Any, dict[str, Any]]:
    """The function that `text` names and its options, or a RecipeError."""
    call = grammar.call(text)
    entry = find("train", "schedule", call.name, RecipeError)
    if call.args:
        raise RecipeError(f"schedule = {text}: options are given by name, such as cosine(end=0.1)")
    for key, value in call.options.items():
        if key not in entry.options:
            raise RecipeError(f'schedule = {text}: no option is called "{key}": {did_you_mean(key, entry.options)}')
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise RecipeError(f"schedule = {text}: {key} must be a number from 0 to 1")
    return entry.load(), call.options

"""How a network's numbers grow with one of its settings, and the setting at which it has a wanted size.

Networks come from functions that the caller gives: this room knows no zoo.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ablab.arithmetic.layerwise import inspect
from ablab.arithmetic.table import Table
from ablab.errors import InputError, ModelError

BATCH = 32  # images of a measured step
REPEATS = 3
MOST_MACS = 4e11  # of a measured step; three times as many are 20 s on two slow cores
FURTHER = 64  # how far a whole number is looked for that the network takes: depths come in sixes, widths in heads
LARGEST = 1 << 20


@dataclass(frozen=True)
class Point:
    """A network at one value of the setting."""

    value: Any
    parameters: int
    macs: int
    weighted_layers: int
    seconds: float | None  # of one training step; None if it was not measured


def grow(
    build: Callable[[Any], nn.Module], values: Sequence[Any], in_shape: tuple[int, int, int], *, measure: bool
) -> tuple[Point, ...]:
    """The network at each value; a step of training is timed if that is asked for and takes seconds only."""
    tables: list[Table] = []
    for value in values:
        with torch.device("meta"):
            tables.append(inspect(build(value), in_shape))
    seconds: list[float | None] = [None] * len(values)
    if measure:
        small = [at for at, table in enumerate(tables) if table.macs * BATCH <= MOST_MACS]
        timed = interleaved([_step(build(values[at]), in_shape) for at in small])
        for at, one in zip(small, timed, strict=True):
            seconds[at] = one
    return tuple(
        Point(value, table.parameters, table.macs, table.weighted_layers, took)
        for value, table, took in zip(values, tables, seconds, strict=True)
    )


def interleaved(steps: Sequence[Callable[[], object]]) -> list[float]:
    """The median time of each step; they take turns, so that a machine that slows down favours none."""
    times: list[list[float]] = [[] for _ in steps]
    for turn in range(REPEATS + 1):
        for step, taken in zip(steps, times, strict=True):
            begun = time.perf_counter()
            step()
            if turn:  # the first of each warms up
                taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) for taken in times]


def _step(net: nn.Module, in_shape: tuple[int, int, int]) -> Callable[[], object]:
    images = torch.zeros(BATCH, *in_shape)

    def step() -> None:
        net.zero_grad(set_to_none=True)
        net(images).square().mean().backward()

    return step


def size(value: Any) -> float | None:
    """A setting as a number: that of a list is its sum; None for words."""
    if isinstance(value, list | tuple):
        return float(sum(value)) if all(isinstance(one, int | float) for one in value) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def exponent(sizes: Sequence[float | None], numbers: Sequence[float | None]) -> float | None:
    """The e of numbers ~ sizes^e, fitted to the logarithms by least squares; None if there is nothing to fit.

    >>> round(exponent([1, 2, 4], [3, 12, 48]), 9)
    2.0
    """
    both = [(math.log(x), math.log(y)) for x, y in zip(sizes, numbers, strict=True) if x and y and x > 0 and y > 0]
    if len({x for x, _ in both}) < 2:
        return None
    return statistics.linear_regression(*zip(*both, strict=True)).slope


def fit_whole(count: Callable[[int], int], target: int) -> int:
    """The whole number from 1 up at which `count`, which grows with it, is nearest to the target.

    Numbers that the network does not take (`count` raises a ModelError) are passed over.
    """
    known: dict[int, int] = {}

    def taken(number: int) -> int | None:
        """The first number from here on that the network takes."""
        for one in range(number, number + FURTHER):
            try:
                known[one] = known.get(one) or count(one)
            except ModelError:
                continue
            return one
        return None

    low = taken(1)
    if low is None:
        count(1)  # raises what is wrong with it
        raise InputError("no value of this setting is taken by the network")
    high = 2 * low
    while (one := taken(high)) is not None and known[one] < target and one < LARGEST:
        low, high = one, 2 * one
    high = high if one is None else one
    while high - low > 1:
        middle = (low + high) // 2
        one = taken(middle)
        if one is None or one >= high:
            high = middle  # nothing is taken between here and there
        elif known[one] < target:
            low = one
        else:
            high = one
    return min(known, key=lambda number: (abs(known[number] - target), number))


def fit_factor(count: Callable[[float], int], target: int) -> float:
    """The factor at which `count`, which grows with it, is nearest to the target, with as few decimals as say it."""
    low, high = 1.0, 1.0
    while low > 1e-3 and count(low) > target:
        low /= 2
    while high < 500 and count(high) < target:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if count(middle) < target else (low, middle)
    best = min((low, high), key=lambda factor: abs(count(factor) - target))
    for decimals in range(12):
        short = round(best, decimals)
        if short > 0 and abs(count(short) - target) <= abs(count(best) - target):
            return short
    return best

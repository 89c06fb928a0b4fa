"""How a network's numbers grow with one of its settings, and the setting at which it has a wanted size.

Networks come from functions that the caller gives: this room knows no zoo.
"""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ablab.arithmetic.layerwise import inspect
from ablab.arithmetic.table import Network
from ablab.errors import InputError, ModelError

BATCH = 32  # images of a measured step
REPEATS = 3
# Forward MACs of a measured step. One of 1.1e11 took 6.9 s on two cores (resnet18-wide), and there are four: at most
# about 20 s a network.
MOST_MACS = 8e10
MOST_PARAMETERS = 1 << 28  # of all measured networks, which are held at once: 2 GiB with their gradients
FURTHER = 64  # how far a value is looked for that the network takes: depths come in sixes, widths in heads
LARGEST = 1 << 20
STEP = 0.002  # between factors looked for: below one channel in 384, the most that heads are shared among
FINEST = 1e-8  # factors that a layer could tell apart: layers of 1028 and 2056 channels differ first at about 2e-7
SHARES = {"dropout", "head_dropout", "norm_eps", "norm_momentum", "divisor"}  # numbers that decide no size


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
    tables = [inspect(_outline(build, value), in_shape) for value in values]
    seconds: list[float | None] = [None] * len(values)
    if measure:
        small = _measurable(tables)
        timed = interleaved([_step(build(values[at]), in_shape) for at in small])
        for at, one in zip(small, timed, strict=True):
            seconds[at] = one
    return tuple(
        Point(value, table.parameters, table.macs, table.weighted_layers, took)
        for value, table, took in zip(values, tables, seconds, strict=True)
    )


def _outline(build: Callable[[Any], nn.Module], value: Any) -> nn.Module:
    """The network without weights, or with them if its constructor looks at numbers."""
    try:
        with torch.device("meta"):
            return build(value)
    except ModelError:
        return build(value)


def _measurable(tables: Sequence[Network]) -> list[int]:
    """Which networks take seconds a step and fit into memory together, the first ones first."""
    found, room = [], MOST_PARAMETERS
    for at, table in enumerate(tables):
        if table.macs * BATCH <= MOST_MACS and table.parameters <= room:
            found.append(at)
            room -= table.parameters
    return found


def interleaved(steps: Sequence[Callable[[], object]], repeats: int = REPEATS) -> list[float]:
    """The median time of each step; they take turns, so that a machine that slows down favours none."""
    times: list[list[float]] = [[] for _ in steps]
    for turn in range(repeats + 1):
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


def sizing(options: Mapping[str, Any]) -> list[str]:
    """The options that may decide a network's size, by their defaults: numbers and lists of them.

    >>> sizing({"norm": "none", "width": 1.0, "hidden": [64], "dropout": 0.5, "residual": True})
    ['hidden', 'width']
    """
    return sorted(key for key, value in options.items() if key not in SHARES and size(value))


def fit(count: Callable[[Any], int], start: Any, target: int) -> Any:
    """The value at which `count`, which grows with it, is nearest to the target; of the kind that `start` is.

    A list keeps its proportions: each of its numbers is that of `start` times one factor.
    """
    if isinstance(start, list):
        return scaled(start, fit_factor(lambda factor: count(scaled(start, factor)), target))
    return fit_whole(count, target) if isinstance(start, int) else fit_factor(count, target)


def scaled(numbers: Sequence[float], factor: float) -> list[int]:
    return [max(1, round(number * factor)) for number in numbers]


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
        raise InputError("the network accepts no value of this setting")
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
    """The factor at which `count`, which grows with it, is nearest to the target, with as few decimals as say it.

    Factors that the network does not take (`count` raises a ModelError) are passed over.
    """
    known: dict[float, int] = {}

    def off(factor: float) -> float:
        """How far the count is from the target; infinitely far where the network does not take the factor."""
        try:
            known[factor] = known.get(factor) or count(factor)
        except ModelError:
            return math.inf
        return abs(known[factor] - target)

    def behind(factor: float) -> int:
        """The count at the first factor from here on that the network takes."""
        for further in range(FURTHER):
            if math.isfinite(off(factor + further * STEP)):
                return known[factor + further * STEP]
        return count(factor)  # raises what is wrong with it

    low, high = 1.0, 1.0
    while low > 1e-3 and behind(low) > target:
        low /= 2
    while high < 500 and behind(high) < target:
        high *= 2
    while high - low > FINEST:
        middle = (low + high) / 2
        low, high = (middle, high) if behind(middle) < target else (low, middle)
    best = min(known, key=lambda factor: (off(factor), factor))
    for decimals in range(12):
        short = round(best, decimals)
        if short > 0 and off(short) <= off(best):
            return short
    return best

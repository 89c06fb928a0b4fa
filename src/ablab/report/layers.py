"""The networks of a study layer by layer, each number with its formula; only where they are those of the runs."""

import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ablab.catalogue import is_own
from ablab.errors import AblabError
from ablab.recipe import Recipe
from ablab.records import DataFacts
from ablab.result import Arm

MOST = 12  # networks; each takes some 10 kB of the page
UNKNOWN = (3, 32, 32)  # pictures of data that an older version kept


@dataclass(frozen=True)
class Layers:
    """One network: the recipes that have it, and its table as text."""

    names: tuple[str, ...]
    network: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...]


def layer_tables(arms: Sequence[Arm], data: DataFacts) -> Iterator[Layers]:
    """A table for every different network.

    A user's own network is left out: a page shows what was recorded, and runs nobody's code. So is one that does not
    come to the parameters of its runs, because the size of their pictures is then another one.
    """
    by_network: dict[str, list[Arm]] = {}
    for arm in arms:
        if not is_own(arm.recipe.model) and arm.runs:
            by_network.setdefault(json.dumps([arm.recipe.model, arm.recipe.options], sort_keys=True), []).append(arm)
    for members in list(by_network.values())[:MOST]:
        recipe = members[0].recipe
        found = _inspected(recipe, _in_shape(recipe, data), len(data.classes))
        runs = [run for arm in members for run in arm.runs]
        is_theirs = found and all(
            run.cost.parameters == found.parameters and run.cost.macs in (None, found.macs) for run in runs
        )
        if found and is_theirs:
            yield _shown(members, recipe, found)


def _in_shape(recipe: Recipe, data: DataFacts) -> tuple[int, int, int]:
    channels, height, width = data.in_shape or UNKNOWN
    return (channels, recipe.size, recipe.size) if recipe.size else (channels, height, width)


@functools.lru_cache(maxsize=64)
def _inspected(recipe: Recipe, in_shape: tuple[int, int, int], classes: int) -> Any:
    """The arithmetic of a network, built without memory for its weights; None where it cannot be told."""
    import torch

    from ablab.arithmetic import inspect
    from ablab.models import Io, build

    try:
        with torch.device("meta"):
            net = build(recipe.model, Io(*in_shape, classes), **recipe.options)
        return inspect(net, in_shape)
    except AblabError:
        return None


def _shown(members: Sequence[Arm], recipe: Recipe, found: Any) -> Layers:
    from ablab.report.network import network_table, totals

    words = [recipe.model, *(f"{key}={value}" for key, value in recipe.options.items())]
    made = network_table(found)
    rows = tuple(tuple(cell.text for cell in row) for row in made.rows)
    names = tuple(arm.name for arm in members)
    return Layers(names, " ".join(words), tuple(head.text for head in made.heads), rows, tuple(totals(found)))

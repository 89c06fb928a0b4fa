"""The networks of a study layer by layer, each number with its formula; only where they are those of the runs."""

import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ablab.catalogue import is_own, mark
from ablab.errors import AblabError
from ablab.recipe import Recipe
from ablab.records import DataFacts
from ablab.report.section import Fold, Part
from ablab.result import Arm, Result

MOST = 12  # networks; each takes some 10 kB of a page
UNKNOWN = (3, 32, 32)  # pictures of data that an older version kept


@mark(
    "section",
    "layers",
    title="Networks layer by layer",
    place=135,
    absent=("paper", "notebook", "dashboard", "terminal"),
)
def layers(result: Result) -> Iterator[Part]:
    """A table for every different network.

    A user's own network is left out: a report shows what was recorded, and runs nobody's code. So is one that does not
    come to the parameters of its runs, because the size of their pictures is then another one.
    """
    if result.data is None:
        return
    by_network: dict[str, list[Arm]] = {}
    for arm in result.arms:
        if not is_own(arm.recipe.model) and arm.runs:
            by_network.setdefault(json.dumps([arm.recipe.model, arm.recipe.options], sort_keys=True), []).append(arm)
    for members in list(by_network.values())[:MOST]:
        recipe = members[0].recipe
        known = _inspected(recipe, _in_shape(recipe, result.data), len(result.data.classes))
        runs = [run for arm in members for run in arm.runs]
        if known and all(
            run.cost.parameters == known.parameters and run.cost.macs in (None, known.macs) for run in runs
        ):
            yield _network([arm.name for arm in members], recipe, known)


def _in_shape(recipe: Recipe, data: DataFacts) -> tuple[int, int, int]:
    channels, height, width = data.in_shape or UNKNOWN
    return (channels, recipe.size, recipe.size) if recipe.size else (channels, height, width)


@functools.lru_cache(maxsize=64)
def _inspected(recipe: Recipe, in_shape: tuple[int, int, int], classes: int) -> Any:
    """The arithmetic of a network, built without memory for its weights; None where it is not known."""
    import torch

    from ablab.arithmetic import inspect
    from ablab.models import Io, build

    try:
        with torch.device("meta"):
            net = build(recipe.model, Io(*in_shape, classes), **recipe.options)
        return inspect(net, in_shape)
    except AblabError:
        return None


def _network(names: list[str], recipe: Recipe, known: Any) -> Fold:
    from ablab.report.network import network_table

    words = " ".join([recipe.model, *(f"{key}={value}" for key, value in recipe.options.items())])
    title = f"{', '.join(names)}: {words}"
    return Fold(title, (replace(network_table(known), title=title),))

"""A network to look at: a recipe with a seed or a run of the store, and the weights that it has or is given now."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablab import grammar
from ablab.errors import DataError, InputError
from ablab.events import Finished
from ablab.models import Io
from ablab.prepare import prepared
from ablab.probe.landscape import read_weights
from ablab.recipe import Recipe
from ablab.records import Observer, Run, RunSpec
from ablab.train.loop import train
from ablab.train.state import initial_network

if TYPE_CHECKING:
    from torch import nn

    from ablab.data.dataset import Dataset, Splits
    from ablab.store import Store


@dataclass(frozen=True)
class Network:
    """A recipe with a seed, under the name that somebody gave it; perhaps that of a run in the store."""

    name: str
    recipe: Recipe
    seed: int
    run: Run | None = None

    @property
    def words(self) -> list[str]:
        """How a command line names it, without its seed."""
        changes = self.recipe.changes().items()
        return [self.recipe.model, *(f"{key}={grammar.show(value)}" for key, value in changes if key != "model")]

    def to_dict(self) -> dict[str, Any]:
        """What it is, for JSON."""
        return {
            "name": self.name,
            "recipe": {"data": self.recipe.data, "model": self.recipe.model, **self.recipe.changes()},
            "seed": self.seed,
            "run": self.run.id if self.run else None,
        }


@dataclass(frozen=True)
class Weighted:
    """A network with its weights, on the CPU."""

    net: nn.Module
    splits: Splits
    source: str  # where the weights are from, in words


def stored(start: str, store: Store | None) -> Network:
    """The network of the run whose id begins so."""
    if store is None:
        raise InputError(f'"{start}": there is no store here with this run; give its store with --store')
    run = store.run(start)
    return Network(f"run {run.id}", run.spec.recipe, run.spec.seed, run)


def weighted(
    network: Network, store: Store | None, observe: Observer, *, root: str | None, is_untrained: bool
) -> Weighted:
    """The network with its initial weights, those that the store has, or those of a training now, which `observe` sees.

    `ablab train` keeps weights, a study where its file says so; no run is trained again under its own name.
    """
    runs = store.weights if store else None
    dataset, splits = prepared(network.recipe, network.seed, root, store)
    if network.run and network.run.spec.fingerprint != dataset.fingerprint:
        raise DataError(f"{network.recipe.data}: these are not the images that run {network.run.id} was trained on")
    spec = RunSpec(network.recipe, network.seed, dataset.fingerprint)
    if is_untrained:
        return Weighted(_initial(network, dataset, runs), splits, "initial weights, untrained")
    path = store.weights_of(spec.id) if store else None
    if path and path.exists():
        return Weighted(_read(network, dataset, path, runs), splits, f"weights of run {spec.id}, from {path}")
    if network.run:
        again = shlex.join(["ablab", "landscape", *network.words, "--seed", str(network.seed)])
        raise InputError(
            f"run {spec.id} ({network.run.status}) has no weights here: a finished ablab train keeps them, a study "
            f'only with keep = "weights" in its file. To train the same network for this picture alone: {again}'
        )
    return Weighted(_trained(spec, splits, observe, runs), splits, "trained now and not kept (ablab train keeps a run)")


def _initial(network: Network, dataset: Dataset, runs: Path | None) -> nn.Module:
    net = initial_network(network.recipe, Io(*dataset.in_shape, len(dataset.classes)), network.seed, runs)
    return net.requires_grad_()  # what is looked at is the whole network, whatever its recipe trains


def _read(network: Network, dataset: Dataset, path: Path, runs: Path | None) -> nn.Module:
    net = _initial(network, dataset, runs)
    read_weights(path, net)
    return net


def _trained(spec: RunSpec, splits: Splits, observe: Observer, runs: Path | None) -> nn.Module:
    net: nn.Module | None = None
    for event in train(spec.recipe, splits, spec.seed, runs=runs):
        observe(spec, event)
        if isinstance(event, Finished) and event.state:
            net = event.state.net.requires_grad_()
    assert net is not None  # a training that does not finish raises
    return net

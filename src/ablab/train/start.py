"""A start from kept weights, `init = "run:ID"` or `init = "file.safetensors"`, laid over a fresh network."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from ablab.errors import DataError, ModelError
from ablab.operations import RUN
from ablab.pinned import content, name_of
from ablab.train.trained import read

SHOWN = 5  # layers of each kind that a message names
COUNTS = "num_batches_tracked"  # of a batch norm: other programs leave it out of their files


def kept_weights(init: str, runs: Path | None) -> dict[str, Tensor]:
    """The weights that `init` names; those of runs are in the folder `runs`."""
    if init.startswith(RUN):
        return _of_run(init.removeprefix(RUN), runs)
    try:
        return load(content(init))
    except SafetensorError as error:
        raise DataError(f"init = {name_of(init)}: this is not a safetensors file: {error}") from None


def lay_over(net: nn.Module, weights: Mapping[str, Tensor], classes: int, init: str) -> tuple[str, ...]:
    """Give a network these weights, and return the names of those of its head that stay as they were drawn.

    A head for other classes starts anew, and so does one that the file lacks. Everything else has to fit.
    """
    own = dict(net.state_dict())
    fresh = tuple(name for name in _of_head(net, classes) if not _fits(own[name], weights.get(name)))
    missing = [name for name in own if name not in weights and name not in fresh and not name.endswith(COUNTS)]
    excess = sorted(name for name in weights if name not in own)  # the file has them in no order
    other = [name for name in own if name in weights and name not in fresh and not _fits(own[name], weights[name])]
    if missing or excess or other:
        shapes = [f'"{name}" is {_shape(weights[name])} there and {_shape(own[name])} here' for name in other[:SHOWN]]
        where = (("not in the file", missing), ("only in the file", excess))
        told = [*shapes, *_more(other), *(text for words, names in where for text in _listed(words, names))]
        raise ModelError(f"init = {name_of(init)}: these weights belong to another network: {'; '.join(told)}")
    with torch.no_grad():
        for name, tensor in own.items():
            if name in weights and name not in fresh and not tensor.is_meta:
                tensor.copy_(weights[name])
    return fresh


def head_of(net: nn.Module, classes: int) -> str:
    """The name of the layer that gives the classes: the last one whose weight has a row for each of them."""
    rows = [
        name
        for name, module in net.named_modules()
        if isinstance(weight := getattr(module, "weight", None), Tensor) and weight.dim() > 1 and len(weight) == classes
    ]
    return rows[-1] if rows else ""


def _of_head(net: nn.Module, classes: int) -> list[str]:
    head = head_of(net, classes)
    return [f"{head}.{name}" if head else name for name, _ in net.get_submodule(head).named_parameters(recurse=False)]


def _of_run(id_: str, runs: Path | None) -> dict[str, Tensor]:
    if runs is None:
        raise DataError(
            f"init = {RUN}{id_}: there is no store here; give the file of the weights: init=FILE.safetensors"
        )
    path = runs / f"{id_}.safetensors"
    if not path.exists():
        raise DataError(
            f"init = {RUN}{id_}: there are no weights of this run in {runs}; ablab train keeps those of its run, and a "
            'study those of its runs with keep = "weights"'
        )
    return read(path).weights


def _fits(own: Tensor, given: Tensor | None) -> bool:
    return given is not None and own.shape == given.shape


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _more(names: list[str]) -> Iterator[str]:
    if len(names) > SHOWN:
        yield f"and {len(names) - SHOWN} more with different shapes"


def _listed(where: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"{where}: {', '.join(names[:SHOWN])}{more}"

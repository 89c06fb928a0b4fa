"""A State as bytes and back: all that a run needs to go on. No random state is in it, and nothing is executed."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.torch import load, save

from ablab.errors import DataError
from ablab.records import EpochRow, Measurement
from ablab.train.state import State
from ablab.train.trained import apart

VERSION = 1
DIGEST = 32  # bytes of SHA-256 in front: a changed bit anywhere is seen


def pack(state: State, facts: dict[str, Any]) -> bytes:
    """The state, and what else the caller wants to find beside it, which must be JSON."""
    tensors = {f"net/{name}": tensor for name, tensor in state.net.state_dict().items()}
    tensors |= {f"best/{name}": tensor for name, tensor in state.best_weights.items()}
    tensors |= {f"average/{name}": tensor for name, tensor in (state.average.weights if state.average else {}).items()}
    numbers: dict[str, Any] = {}
    for index, values in state.optimizer.state_dict()["state"].items():
        for key, value in values.items():
            (tensors if isinstance(value, torch.Tensor) else numbers)[f"optimizer/{index}/{key}"] = value
    said = {
        "version": VERSION,
        "curve": [dataclasses.asdict(row) for row in state.curve],
        "best_epoch": state.best_epoch,
        "best": state.best and dataclasses.asdict(state.best),
        "averaged": state.average.steps if state.average else 0,
        "scaler": state.scaler.state_dict() if state.scaler else {},
        "numbers": numbers,
        "facts": facts,
    }
    content = save(
        apart(tensors), {"said": json.dumps(said, allow_nan=False)}
    )  # one entry: several have no fixed order
    return hashlib.sha256(content).digest() + content


def facts(content: bytes) -> dict[str, Any]:
    """What was kept beside the state; a DataError if any byte has changed."""
    return _said(content).facts


def rows(content: bytes) -> tuple[EpochRow, ...]:
    """The curve so far."""
    return _said(content).curve


def unpack(content: bytes, state: State) -> None:
    """Make `state`, which is of the same recipe, what it was when it was packed; a DataError if it does not fit."""
    try:
        _unpack(_said(content), load(content[DIGEST:]), state)
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        why = str(error).strip().partition("\n")[0]
        raise DataError(f"the checkpoint does not fit its run: {why or type(error).__name__}") from None


def _unpack(said: "_Said", tensors: dict[str, torch.Tensor], state: State) -> None:
    state.net.load_state_dict(_below(tensors, "net/"))
    state.best_weights = {
        name: tensor.to(state.net.state_dict()[name].device) for name, tensor in _below(tensors, "best/").items()
    }
    parameters = [parameter for group in state.optimizer.param_groups for parameter in group["params"]]
    values: dict[int, dict[str, Any]] = {}
    for path, value in (_below(tensors, "optimizer/") | _below(said.numbers, "optimizer/")).items():
        index, _, key = path.partition("/")
        values.setdefault(int(index), {})[key] = _laid_out(value, parameters[int(index)])
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": values})
    if state.average:
        for name, tensor in _below(tensors, "average/").items():
            state.average.weights[name].copy_(tensor)
        state.average.steps = said.averaged
    if state.scaler:
        state.scaler.load_state_dict(said.scaler)
    state.curve, state.best_epoch, state.best = list(said.curve), said.best_epoch, said.best


@dataclass(frozen=True)
class _Said:
    """What a checkpoint has beside the tensors."""

    version: int
    curve: tuple[EpochRow, ...]
    best_epoch: int
    best: Measurement | None
    averaged: int
    scaler: dict[str, Any]
    numbers: dict[str, Any]
    facts: dict[str, Any]


_SAID = TypeAdapter(_Said)


def _said(content: bytes) -> _Said:
    if len(content) <= DIGEST or hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        raise DataError("its bytes have changed since it was written, or some of them are missing")
    try:
        length = int.from_bytes(content[DIGEST : DIGEST + 8], "little")
        metadata = json.loads(content[DIGEST + 8 : DIGEST + 8 + length])["__metadata__"]
        said = _SAID.validate_json(metadata["said"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"it is not a checkpoint ({error})") from None
    if said.version != VERSION:
        raise DataError(f"it was written by another version (checkpoint {said.version}, known: {VERSION})")
    return said


def _laid_out(value: Any, parameter: torch.Tensor) -> Any:
    """What an optimizer keeps of a parameter, in the parameter's order in memory: fused optimizers want the same."""
    if not isinstance(value, torch.Tensor) or value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype, device=value.device).copy_(value)


def _below(named: dict[str, Any], start: str) -> dict[str, Any]:
    return {name.removeprefix(start): value for name, value in named.items() if name.startswith(start)}

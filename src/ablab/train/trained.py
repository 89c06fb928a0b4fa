"""Trained: the weights of one run with what it takes to use them, as one file with its SHA-256 beside it."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from ablab.atomic import atomic_write, make_folder
from ablab.errors import DataError
from ablab.models import Io, build
from ablab.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """The selected weights, on the CPU, and the facts without which nobody can use them."""

    weights: dict[str, Tensor] = field(repr=False)  # by their names in the network's state_dict
    recipe: str  # TOML
    seed: int
    classes: tuple[str, ...]  # in the order of the outputs
    epoch: int  # whose weights these are
    # Files of version 0.1.0 lack what follows.
    in_shape: tuple[int, int, int] | None = None  # channels, height, width
    mean: tuple[float, ...] | None = None  # of each channel of the training images, whose values go from 0 to 255
    sd: tuple[float, ...] | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """All that is known beside the weights, as JSON has it."""
        known = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "weights"}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def shape(self) -> tuple[int, int, int]:
        """The size of the images that the network takes: channels, height, width."""
        if self.in_shape is None:
            raise DataError("these weights were stored without the image size, by an older version: train again")
        return self.in_shape

    @property
    def scaling(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The mean and the standard deviation of each channel of the training images, in steps of 1/255."""
        if self.mean is None or self.sd is None:
            raise DataError("these weights were stored without the normalization, by an older version: train again")
        return self.mean, self.sd

    def network(self) -> nn.Module:
        """The network with these weights. Its input is images less `mean`, over `sd`, f32[N, *in_shape]."""
        recipe = Recipe.of(tomllib.loads(self.recipe))
        net = build(recipe.model, Io(*self.shape, len(self.classes)), **recipe.options)
        net.load_state_dict(self.weights)
        return net.eval()

    def packed(self) -> bytes:
        """The safetensors file: the facts are JSON in its metadata, under "ablab"."""
        return save(apart(self.weights), {"ablab": json.dumps(self.facts, allow_nan=False)})


def apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors on the CPU, each in memory of its own: safetensors refuses tied weights, which share theirs."""
    places: set[int] = set()
    own = {}
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        place = plain.untyped_storage().data_ptr()
        own[name] = plain.clone() if place in places else plain
        places.add(place)
    return own


def keep(trained: Trained, path: Path) -> None:
    """Write the file and its SHA-256."""
    keep_packed(trained.packed(), path)


def keep_packed(content: bytes, path: Path) -> None:
    """Write the bytes of such a file, which another process packed, and their SHA-256."""
    make_folder(path.parent)
    atomic_write(path, content)
    atomic_write(_digest_path(path), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")


def read(path: Path) -> Trained:
    """What a training kept; an error if any byte of it has changed."""
    content = checked(path)
    try:
        length = int.from_bytes(content[:8], "little")
        facts = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["ablab"])
        plain: dict[str, Any] = {key: tuple(fact) if isinstance(fact, list) else fact for key, fact in facts.items()}
        return Trained(load(content), **{one.name: plain[one.name] for one in fields(Trained) if one.name in plain})
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: these are not weights from ablab train: {error}") from None


def checked(path: Path) -> bytes:
    """The file's bytes, if they are those that were written."""
    try:
        content = path.read_bytes()
        digest = _digest_path(path).read_text(encoding="utf-8").partition(" ")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the weights cannot be read: {error}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(f"{path}: its bytes have changed since it was written; remove it, and the run with: ablab runs")
    return content


def _digest_path(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")

"""Predictions for anybody's pictures: the most probable classes of each, by one trained network or by several."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ablab.data.augment.views import averaged, views
from ablab.data.pictures import Item, decode_all
from ablab.data.sources.folder import PICTURES
from ablab.errors import DataError, InputError
from ablab.recipe import Recipe
from ablab.train.trained import Trained

BATCH = 250  # pictures at a time
SHOWN = 2  # classes, where a prediction is shown in a line
GREY = (0.299, 0.587, 0.114)  # what red, green and blue add to brightness (ITU-R BT.601), as Pillow takes them


@dataclass(frozen=True, repr=False)
class Guess:
    """A class with its probability: the mean over the networks, and the standard deviation of their values."""

    name: str
    probability: float
    spread: float | None  # None where there is one network

    def __str__(self) -> str:
        return f"{self.name} {100 * self.probability:.1f} %"

    def __repr__(self) -> str:
        return f"<Guess {self}>"


@dataclass(frozen=True, repr=False)
class Prediction:
    """The most probable classes of one picture, the first first."""

    picture: str
    guesses: tuple[Guess, ...]
    agreeing: int  # networks whose own first class is the first one here

    def __repr__(self) -> str:
        first = ", ".join(map(str, self.guesses[:SHOWN]))
        return f"<Prediction {self.picture}: {first}>"


def pictures_at(places: Sequence[str], given: bytes = b"") -> list[Item]:
    """The pictures that are named: files, those in folders in the order of their names, and `-`, which is `given`."""
    items: list[Item] = []
    for place in places:
        path = Path(place)
        if place == "-":
            items.append(("standard input", lambda: given))
        elif path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES and file.is_file())
            if not files:
                raise DataError(f"{place}: there are no pictures in this folder ({', '.join(sorted(PICTURES))})")
            items += [(str(file), file.read_bytes) for file in files]
        else:
            items.append((place, path.read_bytes))
    return items


def predict(
    networks: Sequence[Trained], items: Sequence[Item], *, top: int = 5, skip_unreadable: bool = False
) -> list[Prediction]:
    """What the networks make of the pictures, each brought to the size and the numbers that they were trained on."""
    first = networks[0]
    if any(one.classes != first.classes or one.in_shape != first.in_shape for one in networks):
        raise InputError(
            "these runs have different classes or picture sizes, so their probabilities cannot be averaged"
        )
    channels, height, width = first.shape
    if height != width:
        raise DataError(
            f"this network takes images of {height} x {width} pixels: ablab cannot convert pictures to that"
        )
    images, kept, _ = decode_all(items, size=height, skip_unreadable=skip_unreadable)
    shares = torch.stack([_probabilities(one, in_channels(images, channels)) for one in networks])  # f32[R,N,K]
    mean, own = shares.mean(0), shares.argmax(2)
    spread = shares.std(0) if len(networks) > 1 else None
    most = mean.topk(min(top, len(first.classes)), dim=1)
    return [
        Prediction(
            items[row][0],
            tuple(
                Guess(first.classes[at], float(mean[place, at]), None if spread is None else float(spread[place, at]))
                for at in most.indices[place].tolist()
            ),
            int((own[:, place] == most.indices[place, 0]).sum()),
        )
        for place, row in enumerate(kept)
    ]


def in_channels(images: Tensor, channels: int) -> Tensor:
    """Images u8[N,C,H,W] with so many channels: color as its brightness, or grey as red, green and blue."""
    has = images.shape[1]
    if has == channels:
        return images
    if {has, channels} != {1, 3}:
        raise DataError(f"this network takes images of {channels} channels: those of {has} cannot be converted")
    if channels == 3:
        return images.expand(-1, 3, -1, -1)
    weights = torch.tensor(GREY).view(1, 3, 1, 1)
    return (images.float() * weights).sum(1, keepdim=True).round().to(torch.uint8)


def _probabilities(trained: Trained, images: Tensor) -> Tensor:
    """f32[N,K], averaged over the views of the recipe as in its test."""
    mean, sd = (torch.tensor(each).view(1, -1, 1, 1) for each in trained.scaling)
    net = trained.network()
    seen = views(Recipe.of(tomllib.loads(trained.recipe)).tta)
    with torch.inference_mode():
        parts = []
        for batch in torch.split(images, BATCH):
            logits = [net((view.change(batch).float() - mean) / sd) for view in seen]
            parts.append(averaged(logits, seen).softmax(1))
    return torch.cat(parts)

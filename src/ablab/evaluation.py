"""Evaluation: a trained network on images that it was not tested on: another data set, or corrupted test images."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ablab.catalogue import is_own
from ablab.data.augment.views import views
from ablab.data.corruptions import Corruption, corrupted
from ablab.data.dataset import Dataset, Examples
from ablab.errors import DataError, InputError
from ablab.export.pictures import fitted
from ablab.models import Io, build
from ablab.nouns import counted
from ablab.predict import in_channels
from ablab.recipe import Recipe
from ablab.records import Measurement
from ablab.train.device import choose_hardware
from ablab.train.feed import resident
from ablab.train.measure import measure
from ablab.train.pixels import mean_and_sd, pixels_by, value_counts
from ablab.train.start import COUNTS
from ablab.train.trained import Trained

SHOWN = 5  # layers, or classes, in one message


@dataclass(frozen=True, repr=False)
class Evaluation:
    """A network on images, as they are or corrupted in one way."""

    data: str
    corruption: Corruption | None
    measurement: Measurement
    classes: tuple[str, ...]  # of the network
    labels: tuple[int, ...]  # the true class of each image, by its place among them
    predictions: tuple[int, ...]
    by_number: bool = False  # the data set has no names of classes: its first class was taken for the network's first

    def __repr__(self) -> str:
        with_what = f" with {self.corruption}" if self.corruption else ""
        measured = f"{self.measurement.points:.2f} % of {counted(self.measurement.images, 'image')}"
        return f"<Evaluation on {self.data}{with_what}: {measured}>"


def evaluations(
    trained: Trained, name: str, examples: Examples, corruptions: Sequence[Corruption] = (), *, by_number: bool = False
) -> Iterator[Evaluation]:
    """The network on images as they are, then with each corruption, computed in the precision of its recipe."""
    recipe = Recipe.of(tomllib.loads(trained.recipe))
    net = trained.network()
    hardware = choose_hardware(
        recipe.precision,
        device=recipe.device,
        threads=recipe.threads,
        channels_last=recipe.channels_last,
        net=net,
        own_network=is_own(recipe.model),
    )
    net = net.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    pixels, seen = pixels_by(*trained.scaling, hardware), views(recipe.tta)
    for corruption in (None, *corruptions):
        images = examples.images if corruption is None else corrupted(examples.images, corruption)
        given = resident(Examples(images, examples.labels), hardware)
        measured, said = measure(net, given, None, pixels=pixels, hardware=hardware, views=seen, in_full=True)
        answers = tuple(said.given.tolist())
        labels = tuple(examples.labels.tolist())
        yield Evaluation(name, corruption, measured, trained.classes, labels, answers, by_number)


def examples_for(trained: Trained, dataset: Dataset, *, is_whole: bool = False) -> Examples:
    """The test images of a data set, or all of its images, as the network takes them, with labels that it knows."""
    parts = [dataset.test]
    if is_whole:
        parts = [part for part in (dataset.train, dataset.val, dataset.test) if part is not None]
    images = _brought(torch.cat([part.images for part in parts]), trained.shape)
    return Examples(images, _labels(torch.cat([part.labels for part in parts]), dataset, trained.classes))


def foreign(
    path: Path,
    model: Recipe,
    dataset: Dataset,
    *,
    mean: Sequence[float] | None = None,
    sd: Sequence[float] | None = None,
) -> Trained:
    """Weights in a safetensors file that ablab did not write, for a network of the zoo or of one's own.

    The network takes the images of the data set, less the mean of each channel and over its standard deviation, both in
    steps of 1/255; those of the training images where nothing is given.
    """
    rows = torch.arange(len(dataset.train))
    usual = mean_and_sd(value_counts(dataset.train, rows)) if mean is None or sd is None else ((), ())
    scaling = [tuple(given) if given is not None else own for given, own in zip((mean, sd), usual, strict=True)]
    for what, values in zip(("mean", "sd"), scaling, strict=True):
        if len(values) != dataset.in_shape[0]:
            raise InputError(f"--{what}: {len(values)} values for images of {dataset.in_shape[0]} channels")
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path}: this is not a readable safetensors file: {error}") from None
    net = build(model.model, Io(*dataset.in_shape, len(dataset.classes)), **model.options)
    counts = {name: tensor for name, tensor in net.state_dict().items() if name.endswith(COUNTS)}
    weights = {**counts, **weights}
    _check_fit(path, weights, net.state_dict(), model.model)
    return Trained(weights, model.toml(), 0, dataset.classes, 0, dataset.in_shape, *scaling)


def _check_fit(path: Path, weights: dict[str, Tensor], own: dict[str, Tensor], name: str) -> None:
    """Raise for weights of another network, with the layers that differ."""
    shapes = {key: tuple(tensor.shape) for key, tensor in weights.items()}
    faults = [f"{key}: missing from the file" for key in own if key not in shapes]
    faults += sorted(f"{key}: the network has no such tensor" for key in shapes if key not in own)
    faults += [
        f"{key}: {_size(shapes[key])} in the file, {_size(tuple(tensor.shape))} in the network"
        for key, tensor in own.items()
        if key in shapes and shapes[key] != tuple(tensor.shape)
    ]
    if faults:
        more = [f"and {len(faults) - SHOWN:,} more"] if len(faults) > SHOWN else []
        listed = "\n    ".join([*faults[:SHOWN], *more])
        raise DataError(f'{path}: these are not weights of "{name}":\n    {listed}')


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _brought(images: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Images u8[N,C,H,W] of the channels and the size that a network takes."""
    colored = in_channels(images, shape[0])
    if tuple(colored.shape[2:]) == shape[1:]:
        return colored.contiguous()
    return torch.cat([fitted(some, *shape[1:]).to(torch.uint8) for some in torch.split(colored, 500)])


def _labels(labels: Tensor, dataset: Dataset, classes: tuple[str, ...]) -> Tensor:
    """Labels of a data set as places among the classes of a network, found by their names.

    A data set without names, whose classes are called 0, 1 and so on, is taken to count as the network does.
    """
    if dataset.classes == classes or (_is_nameless(dataset.classes) and len(dataset.classes) <= len(classes)):
        return labels
    place = {name: at for at, name in enumerate(classes)}
    unknown = [name for name in dataset.classes if name not in place]
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise DataError(
            f"{dataset.name}: the network does not know the classes {', '.join(unknown[:SHOWN])}{more}; "
            f"its own are {', '.join(classes[:SHOWN])}{', ...' if len(classes) > SHOWN else ''}"
        )
    return torch.tensor([place[name] for name in dataset.classes])[labels]


def is_by_number(trained: Trained, dataset: Dataset) -> bool:
    """Whether the classes of a data set have no names, so that they are compared by their numbers."""
    return dataset.classes != trained.classes and _is_nameless(dataset.classes)


def _is_nameless(classes: Sequence[str]) -> bool:
    return list(classes) == [str(number) for number in range(len(classes))]

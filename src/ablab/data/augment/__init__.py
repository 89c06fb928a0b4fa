"""Augmentation: a recipe's text turned into a function from rows of the data to changed images and their targets."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ablab.catalogue import Operation, is_own
from ablab.data.augment.draw import Draw, Numbers
from ablab.data.augment.pixels import pick
from ablab.data.dataset import Examples
from ablab.errors import DataError, Fault, RecipeError
from ablab.operations import named
from ablab.own_code import attribute_of


@dataclass(frozen=True)
class Step:
    """One operation of the text; `purpose` is what its random numbers are keyed by."""

    operation: Operation
    function: Callable[..., Any]  # with its arguments
    purpose: str

    @property
    def mixes(self) -> bool:
        """Whether it takes a second image, and gives the first one's share beside the picture."""
        return "partners" in self.operation.entry.parameters

    def __call__(self, *given: Any) -> Any:
        return self.function(*given)


@dataclass(frozen=True)
class Augment:
    """Images u8[B,C,H,W] and targets of the rows of a batch, as they look in one epoch.

    Targets are labels i64[B], or shares of classes f32[B,K] where images are mixed. What an image looks like follows
    from the seed, the epoch and its row, never from the batch that it is in. Rows are on the device of the images.
    """

    steps: tuple[Step, ...]
    seed: int
    epoch: int
    examples: Examples
    rows: Tensor  # i64: rows that partners are taken from
    classes: int
    numbers: dict[str, Numbers] = field(default_factory=dict, repr=False)

    def __call__(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = self._changed(rows), self.examples.labels[rows]
        mixing = [step for step in self.steps if step.mixes]
        return self._mixed(images, labels, rows, mixing) if mixing else (images, labels)

    @property
    def mixes(self) -> bool:
        """Whether targets are shares of classes."""
        return any(step.mixes for step in self.steps)

    def draw(self, purpose: str, rows: Tensor) -> Draw:
        """The numbers of one operation for these rows."""
        if purpose not in self.numbers:
            device = self.examples.images.device
            self.numbers[purpose] = Numbers(self.seed, purpose, self.epoch, len(self.examples), device)
        return Draw(self.numbers[purpose], rows)

    def _changed(self, rows: Tensor) -> Tensor:
        images = pick(self.examples.images, rows)
        for step in self.steps:
            if not step.mixes:
                images = step(images, self.draw(step.purpose, rows))
        return images

    def _mixed(self, images: Tensor, labels: Tensor, rows: Tensor, mixing: list[Step]) -> tuple[Tensor, Tensor]:
        """Each image mixed with a partner, who looks as it does itself this epoch, by one of the mixing operations."""
        pairing = self.draw("augment/partner", rows)
        partners = self.rows[pairing.whole("row", 0, len(self.rows) - 1)]
        others = self._changed(partners)
        chosen = pairing.whole("operation", 0, len(mixing) - 1)
        mixed, shares = torch.empty_like(images), torch.empty(len(rows), device=images.device)
        for number, step in enumerate(mixing):
            group = (chosen == number).nonzero().squeeze(1)
            draw = self.draw(step.purpose, rows[group])
            mixed[group], shares[group] = step(images[group], others[group], draw)
        targets = torch.zeros(len(rows), self.classes, device=images.device)
        targets.scatter_add_(1, labels[:, None], shares[:, None])
        targets.scatter_add_(1, self.examples.labels[partners][:, None], 1 - shares[:, None])
        return mixed, targets


def augmenter(text: str, *, seed: int, epoch: int, examples: Examples, rows: Tensor, classes: int) -> Augment:
    """The augmentation that `text` names, for one epoch; `rows` are the training rows, from which partners are drawn.

    Operations follow each other as written. Mixing (mixup, cutmix) comes last; where several mixing operations are
    named, each image gets one of them, all equally likely.
    """
    channels, height, width = examples.images.shape[1:]
    check(text, (channels, height, width))
    return Augment(steps(text), seed, epoch, examples, rows, classes)


def disturbed(text: str, examples: Examples, rows: Tensor | None, *, seed: int, epoch: int) -> Examples:
    """The images of these rows (None: all) changed like training images, mixing left out, with their own labels."""
    device = examples.images.device
    rows = torch.arange(len(examples), device=device) if rows is None else rows.to(device)
    changed = Augment(tuple(one for one in steps(text) if not one.mixes), seed, epoch, examples, rows, 0)
    return Examples(*changed(rows))


def check(text: str, in_shape: tuple[int, int, int]) -> None:
    """Raise a DataError if images of this shape (channels, height, width) cannot be augmented as `text` says.

    Every operation is tried on one black image, so the ranges are said once: in the operations.
    """
    row, black = torch.zeros(1, dtype=torch.int64), torch.zeros(1, *in_shape, dtype=torch.uint8)
    for step in steps(text):
        try:
            step(*[black] * (2 if step.mixes else 1), Draw(Numbers(0, step.purpose, 0, 1), row))
        except DataError as error:
            raise DataError(f"augment = {step.operation.call}: {error}") from None


def steps(text: str) -> tuple[Step, ...]:
    """The operations of a text, their arguments bound and typed."""
    made: list[Step] = []
    times: Counter[str] = Counter()
    for operation in named("augment", text):
        name = operation.call.name
        times[name] += 1
        purpose = attribute_of(name) if is_own(name) else name
        step = Step(operation, operation.load(), f"augment/{purpose}/{times[name]}")
        if made and made[-1].mixes and not step.mixes:
            message = (
                f"augment: {name} comes after {made[-1].operation.call.name}: write operations that mix images last"
            )
            raise RecipeError([Fault("augment", message, name)])
        made.append(step)
    return tuple(made)

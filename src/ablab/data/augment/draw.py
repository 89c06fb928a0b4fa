"""Random numbers per image, drawn for a whole epoch at once: no batch, order or worker can change them."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ablab.randomness import stream


@dataclass(frozen=True)
class Numbers:
    """The numbers of one operation in one epoch, one for every row of the data, each column drawn when first asked for.

    A column is keyed by its name and holds numbers in [0, 1): so it does not depend on the arguments of the operation,
    and variants with the same seed move an image the same way (by 3 of 4 pixels, or 6 of 8).
    """

    seed: int
    purpose: str
    epoch: int
    count: int
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))  # of the images
    columns: dict[tuple[str, int], Tensor] = field(default_factory=dict, repr=False)

    def column(self, name: str, epoch: int) -> Tensor:
        """f64[count] in [0, 1), drawn on the CPU whatever device the images are on, so that all draw alike."""
        if (name, epoch) not in self.columns:
            generator = stream(self.seed, f"{self.purpose}/{name}", epoch)
            drawn = torch.rand(self.count, generator=generator, dtype=torch.float64)
            self.columns[name, epoch] = drawn.to(self.device)
        return self.columns[name, epoch]


@dataclass(frozen=True)
class Draw:
    """What an operation is given beside the images: numbers for the images in `rows`, asked for by name."""

    numbers: Numbers
    rows: Tensor  # i64[B]

    @property
    def epoch(self) -> int:
        return self.numbers.epoch

    def part(self, name: str, *, always: bool = False) -> Tensor:
        """f64[B] in [0, 1). With `always`, an image has the same number in every epoch."""
        return self.numbers.column(name, 0 if always else self.epoch).index_select(0, self.rows)

    def between(self, name: str, low: float, high: float) -> Tensor:
        """f32[B] between low and high."""
        return (low + (high - low) * self.part(name)).float()

    def whole(self, name: str, low: int, high: int) -> Tensor:
        """i64[B] from low to high, both included."""
        return low + (self.part(name) * (high - low + 1)).long()

    def coin(self, name: str, *, always: bool = False) -> Tensor:
        """bool[B], true for half of the images."""
        return self.part(name, always=always) < 0.5

    def side(self, name: str) -> Tensor:
        """f32[B] of -1 and 1."""
        return torch.where(self.coin(name), 1.0, -1.0)

    def of(self, positions: Tensor) -> "Draw":
        """The same numbers for some images of the batch."""
        return Draw(self.numbers, self.rows.index_select(0, positions))

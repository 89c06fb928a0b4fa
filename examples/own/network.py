"""A network of one's own: any `nn.Module` whose constructor takes `classes`.

model = "examples/own/network.py:Net"
"""

from layers import block  # from the same folder: a change to it makes other runs, too
from torch import Tensor, nn


class Net(nn.Module):
    """Two blocks, the mean over all pixels, one linear layer; `in_shape` and `width` are optional."""

    def __init__(self, classes: int, in_shape: tuple[int, int, int], width: int = 8) -> None:
        super().__init__()
        self.first = block(in_shape[0], width)
        self.second = block(width, 2 * width)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.second(self.first(x))
        scores: Tensor = self.head(maps.mean((2, 3)))
        return scores

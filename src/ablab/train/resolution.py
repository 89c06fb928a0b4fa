"""Resolution: smaller pictures in the first epochs of a run, which cost less and teach nearly as much."""

from typing import Annotated

from torch import Tensor
from torch.nn import functional

from ablab.catalogue import mark
from ablab.operations import named

Side = Annotated[int, "[4, 4096]"]


@mark("resolution", "low")
def low(epoch: int, *, size: Side, epochs: Annotated[int, "[1, 1000000]"]) -> int | None:
    """Pictures of `size` pixels a side in the first `epochs` epochs."""
    return size if epoch < epochs else None


def side_at(text: str, epoch: int) -> int | None:
    """The side of the pictures that a network is trained on in an epoch (the first is 0); None: as they are."""
    for operation in named("resolution", text):
        side: int | None = operation.load()(epoch)
        return side
    return None


def resized(images: Tensor, side: int) -> Tensor:
    """Pictures u8[B,C,H,W] at another size, each pixel the weighted mean of all that it covers, rounded."""
    numbers = functional.interpolate(images.float(), (side, side), mode="bilinear", antialias=True)
    return numbers.round_().clamp_(0, 255).to(images.dtype)

"""Part: the images of a batch that one process takes, where several processes train one network together."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Part:
    """Images `start` to `stop` of a batch of `whole` images.

    A process for which a small batch has no images takes some of another's, which count nothing.
    """

    start: int
    stop: int
    whole: int
    share: float | Tensor = 1.0  # of the loss of the batch
    counts: bool = True

    def within(self, start: int, stop: int) -> "Part":
        """Some images of this part."""
        share = self.share * ((stop - start) / (self.stop - self.start))
        return Part(self.start + start, self.start + stop, self.whole, share, self.counts)


class Sharing(nn.Module):
    """A layer that has to know which images of the batch it is given; None where it is given all of them."""

    part: Part | None = None


def sharing(net: nn.Module) -> Iterator[Sharing]:
    """The layers of a network that have to know."""
    return (module for module in net.modules() if isinstance(module, Sharing))

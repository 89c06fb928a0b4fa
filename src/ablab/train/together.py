"""Team: the processes that train one run together, each with its part of every batch. A team of one changes nothing."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from ablab.errors import AblabError, Lost
from ablab.models.part import Part

INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by their bytes
LEAST = 2  # images of a batch that a process takes: batch norm has no variance over one value


@dataclass(frozen=True)
class Team:
    """This process among those of its run. All of them carry out the same code and meet in the methods below.

    Every process holds the same weights: after each step the gradients and the running statistics of norms are the same
    in all of them. Process 0 alone keeps anything.
    """

    rank: int = 0
    size: int = 1
    card: int | None = None  # the number of its GPU on its machine, where it is one of several

    def purpose(self, purpose: str) -> str:
        """What draws are keyed by that each process makes for its own images."""
        return f"{purpose}/{self.rank}" if self.rank else purpose

    def part(self, images: int) -> Part:
        """Which images of a batch this process takes; parts are next to each other and nearly equal."""
        sharers = min(self.size, max(1, images // LEAST))
        if self.rank >= sharers:
            return Part(0, min(images, LEAST), images, share=0.0, counts=False)
        start, stop = _bounds(images, self.rank, sharers)
        return Part(start, stop, images, (stop - start) / images)

    def add_gradients(self, net: nn.Module, parameters: Sequence[nn.Parameter], part: Part) -> None:
        """Make each gradient the sum over all processes, and each norm's running statistics their mean.

        One message has all of it. What no image of the batch reaches has no gradient, in every process alike.
        """
        if self.size == 1:
            return
        gradients = [one.grad for one in parameters if one.grad is not None]
        statistics = running_statistics(net)
        share = (part.stop - part.start) / part.whole * part.counts
        places = [*gradients, *statistics]
        whole = self.sum(torch.cat([one.flatten() for one in (*gradients, *(one * share for one in statistics))]))
        pieces = torch.split(whole, [one.numel() for one in places])
        torch._foreach_copy_(places, [new.view_as(place) for new, place in zip(pieces, places, strict=True)])

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in the place of the values."""
        if self.size > 1:
            with _connected():
                dist.all_reduce(values)
        return values

    def longest(self, seconds: float) -> float:
        """What the slowest process took."""
        if self.size == 1:
            return seconds
        longest = torch.tensor(seconds, dtype=torch.float64)
        with _connected():
            dist.all_reduce(longest, dist.ReduceOp.MAX)
        return longest.item()

    def of(self, total: int) -> slice:
        """Which of so many things in a row this process looks at; all of them if there are too few to share."""
        return slice(*_bounds(total, self.rank, self.size)) if total >= self.size else slice(0, total)

    def whole(self, own: Tensor, total: int) -> Tensor:
        """All things in a row, from those that each process has looked at."""
        if len(own) == total:
            return own
        whole = own.new_zeros(total, *own.shape[1:])
        whole[self.of(total)] = own
        return self.sum(whole)

    def of_first(self, content: bytes | None) -> bytes | None:
        """What process 0 has, in all of them."""
        if self.size == 1:
            return content
        length = torch.tensor(len(content or b""))
        with _connected():
            dist.broadcast(length, 0)
            if not length:
                return None
            sent = torch.frombuffer(bytearray(content if content and not self.rank else int(length)), dtype=torch.uint8)
            dist.broadcast(sent, 0)
        return sent.numpy().tobytes()

    def agree(self, net: nn.Module, when: str) -> None:
        """Give all processes what process 0 has of buffers that are no running statistics, and compare the rest.

        Raise if the weights of the processes have come apart, as they may on unlike machines.
        """
        if self.size == 1:
            return
        statistics = running_statistics(net)
        with _connected():
            for buffer in net.buffers():
                if all(buffer is not one for one in statistics):
                    dist.broadcast(buffer, 0)
        digests = torch.stack([_digest(one) for one in (*net.parameters(), *statistics)])
        lowest, highest = digests.clone(), digests
        with _connected():
            dist.all_reduce(lowest, dist.ReduceOp.MIN)
            dist.all_reduce(highest, dist.ReduceOp.MAX)
        if not lowest.equal(highest):
            raise AblabError(
                f"{when} the {self.size} processes hold different weights, so their machines compute differently: "
                "processes that train one run need CPUs or GPUs of one kind, and the same torch"
            )


ALONE = Team()


def running_statistics(net: nn.Module) -> list[Tensor]:
    """The running means and variances of a network's norms: what a step changes beside the weights."""
    return [
        one
        for layer in net.modules()
        if isinstance(layer, _NormBase)
        for one in (layer.running_mean, layer.running_var)
        if one is not None
    ]


def _bounds(total: int, rank: int, size: int) -> tuple[int, int]:
    """Where the share of one process begins and ends; the first ones take one more where it does not come out even.

    >>> [_bounds(10, rank, 4) for rank in range(4)]
    [(0, 3), (3, 6), (6, 8), (8, 10)]
    """
    each, more = divmod(total, size)
    start = rank * each + min(rank, more)
    return start, start + each + (rank < more)


def _digest(values: Tensor) -> Tensor:
    """The sum of the bits of all values as whole numbers."""
    return values.detach().contiguous().view(INTEGERS[values.element_size()]).sum(dtype=torch.int64)


@contextlib.contextmanager
def _connected() -> Iterator[None]:
    """Turn what the network between processes says when one of them is gone into one sentence."""
    try:
        yield
    except RuntimeError:
        raise Lost(
            "another process of this run ended, so this one ends, too; run the same command again to continue from "
            "the last checkpoint"
        ) from None

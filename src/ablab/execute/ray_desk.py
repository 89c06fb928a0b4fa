"""The desk of a cluster: tasks hand in what happens to their runs and learn whether to go on; the driver collects it.

Ray's client (`ray://`) cannot take results while a task goes on, and no task can be told anything once it has begun.
A small actor in between does both, in the same way for every kind of address. It loads neither torch nor numpy.
"""

import asyncio
from typing import Any, NamedTuple


class Item(NamedTuple):
    """What a task handed in: an event, the run, an error or its end, as JSON; or a file, with the kind of it before."""

    task: str
    line: bytes
    content: Any = None  # the bytes of a checkpoint or of weights, as a numpy array


class Desk:
    """Keeps items until the driver takes them."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.stopped: set[str] = set()
        self.has_items = asyncio.Event()

    async def hand_in(self, task: str, line: bytes, content: Any = None) -> bool:
        """Take one item from a task; whether its run is still wanted."""
        self.items.append(Item(task, line, content))
        self.has_items.set()
        return task not in self.stopped

    async def collect(self, seconds: float) -> list[Item]:
        """Give what has come in since the last call; wait so long for the first item."""
        try:
            await asyncio.wait_for(self.has_items.wait(), seconds)
        except TimeoutError:
            return []
        items, self.items = self.items, []
        self.has_items.clear()
        return items

    async def stop(self, task: str) -> None:
        """From its next item on, tell a task that its run is not wanted any more."""
        self.stopped.add(task)

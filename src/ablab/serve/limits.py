"""Limits: how many connections the dashboard holds, how long one may take to ask, and how often a fault is logged.

Anyone who can reach the port can open connections without the token, and leave their requests unfinished.
"""

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 100  # connections; a browser opens six
PATIENCE = 10.0  # seconds for a whole request
WAITING = 64  # connections that are accepted at once, so that there is never a descriptor too few


class LimitedProtocol(H11Protocol):
    """A connection that ends if its request takes too long, or, of too many, if it has waited longest."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST:
            others = [one for one in self.connections if isinstance(one, LimitedProtocol) and one.due]
            min(others, key=lambda one: one.since).give_up()  # this one waits as well, so there is one

    def data_received(self, data: bytes) -> None:
        if self.due is None:
            self._wait()
        super().data_received(data)
        if self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
            self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """End the connection without a word."""
        self._wait_no_longer()
        self.transport.abort()

    def _wait(self) -> None:
        self.since = self.loop.time()
        self.due: asyncio.TimerHandle | None = self.loop.call_later(PATIENCE, self.give_up)

    def _wait_no_longer(self) -> None:
        if self.due is not None:
            self.due.cancel()
            self.due = None


class Once(logging.Filter):
    """Lets every message through once: a thousand broken requests are one line."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[Any, ...]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        what = record.getMessage(), repr(record.exc_info[1]) if record.exc_info else ""
        is_new = what not in self.seen
        self.seen.add(what)
        return is_new

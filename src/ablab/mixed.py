"""Mixed: an executor of runs and trials together. Worker processes train, commands are called, and both share slots."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any, Self

from ablab.execute.workers import Workers
from ablab.records import Run
from ablab.trial import Outcome, Trial
from ablab.trials.processes import Processes


class Mixed:
    """So many runs and trials at a time, the most urgent of both first."""

    def __init__(self, workers: Workers, calls: Processes) -> None:
        self.workers, self.calls, self.slots = workers, calls, workers.slots
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.workers)
        self._open.enter_context(self.calls)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __call__(
        self, wanted: Callable[[], Sequence[Any]], observe: Callable[[Any, Any], None]
    ) -> Iterator[Run | Outcome]:
        begun: set[str] = set()
        while items := wanted():
            self._stop_all_but(items)
            passed_over = begun | self._under_way
            for item in [one for one in items if one.id not in passed_over][: self.slots - len(self._under_way)]:
                begun.add(item.id)
                if isinstance(item, Trial):
                    self.calls.start(item)
                else:
                    self.workers.send(item)
            if not self._under_way:
                return
            many = len(self._under_way)
            while len(self._under_way) == many:
                ready = wait([*self.workers.flights, *self.calls.pipes], self.calls.pause)
                yield from self.workers.heard(ready, wanted, observe)
                yield from self.calls.ended(0)
        self._stop_all_but(())

    @property
    def _under_way(self) -> set[str]:
        flights = {flight.spec.id for flight in self.workers.flights.values()}
        return flights | {call.trial.id for call in self.calls.calls}

    def _stop_all_but(self, items: Iterable[Any]) -> None:
        self.workers.stop_all_but(items)
        self.calls.stop_all_but(items)

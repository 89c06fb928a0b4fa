"""Sharing: an executor among processes with one store. Each trains what no other trains, and takes what they stored."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ablab.events import Noticed
from ablab.execute import Executor
from ablab.records import Run
from ablab.store import Store
from ablab.store.claims import Claims
from ablab.store.trials import outcomes
from ablab.trial import Outcome

POLL = 0.5  # seconds between two looks at what others have done


Wanted = Callable[[], Sequence[Any]]  # runs and trials
Observer = Callable[[Any, Any], None]


class Shared:
    """Another executor, which is given only what is claimed here. Runs and trials of others come when they are kept."""

    def __init__(self, execute: Executor, store: Store, claims: Claims) -> None:
        self.execute, self.store, self.claims = execute, store, claims

    @property
    def slots(self) -> int:
        return self.execute.slots

    def __call__(self, wanted: Wanted, observe: Observer) -> Iterator[Run | Outcome]:
        while wanted():
            yield from self._own(wanted, observe)
            if run := awaited(wanted, self.store, self.claims, observe):
                yield run

    def _own(self, wanted: Wanted, observe: Observer) -> Iterator[Run | Outcome]:
        """The runs that are claimed here, until nobody leaves one to claim."""

        def claimed() -> Sequence[Any]:
            specs, held = wanted(), self.claims.held
            self.claims.take((spec.id for spec in specs), self.slots - sum(spec.id in held for spec in specs))
            return [spec for spec in specs if spec.id in held]

        for run in self.execute(claimed, observe):
            yield run  # the caller stores it, and with that the claim ends
            self.claims.held.discard(run.id)
        self.claims.release()


def awaited(wanted: Wanted, store: Store, claims: Claims, observe: Observer) -> Run | Outcome | None:
    """The first that another process keeps of what is wanted; None once nothing is, or something is free to claim."""
    spoken = False
    while specs := wanted():
        ids = [spec.id for spec in specs]
        if there := store.stored(ids):
            return store.runs(there[:1])[0]
        if tried := outcomes(store, ids):
            return next(iter(tried.values()))
        others = claims.of_others(ids)
        if len(others) < len(ids):
            return None
        if not spoken:
            spoken = True
            observe(specs[0], Noticed(f"{others[0]} is working on this; ablab waits for its result"))
        time.sleep(POLL)
    return None

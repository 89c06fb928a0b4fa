"""Sharing: a caller among processes with one store. Each calls what no other calls, and takes what they have kept."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ablab.store import Store
from ablab.store.claims import Claims
from ablab.store.trials import outcomes
from ablab.trial import Outcome, Trial

POLL = 0.5  # seconds between two looks at what others have done

Wanted = Callable[[], Sequence[Trial]]  # all that is still useful, the most urgent first


class Caller(Protocol):
    """Carries out trials; how is its own affair."""

    slots: int

    def __call__(self, wanted: Wanted) -> Iterator[Outcome]:
        """Outcomes in any order, until nothing is wanted."""
        ...


class Shared:
    """Another caller, which is given only trials that are claimed here. Those of others come when they are kept."""

    def __init__(self, call: Caller, store: Store, claims: Claims) -> None:
        self.call, self.store, self.claims = call, store, claims
        self.slots = call.slots

    def __call__(self, wanted: Wanted) -> Iterator[Outcome]:
        while wanted():
            yield from self._own(wanted)
            if outcome := self._awaited(wanted):
                yield outcome

    def _own(self, wanted: Wanted) -> Iterator[Outcome]:
        """The outcomes of trials that are claimed here, until nobody leaves one to claim."""

        def claimed() -> Sequence[Trial]:
            trials, held = wanted(), self.claims.held
            self.claims.take((trial.id for trial in trials), self.slots - sum(trial.id in held for trial in trials))
            return [trial for trial in trials if trial.id in held]

        for outcome in self.call(claimed):
            yield outcome  # with its keeping the claim ends
            self.claims.held.discard(outcome.trial.id)
        self.claims.release()

    def _awaited(self, wanted: Wanted) -> Outcome | None:
        """The first wanted outcome that another process keeps; None where nothing is wanted or a trial is free."""
        while trials := wanted():
            ids = [trial.id for trial in trials]
            if there := outcomes(self.store, ids):
                return next(iter(there.values()))
            if len(self.claims.of_others(ids)) < len(ids):
                return None
            time.sleep(POLL)
        return None

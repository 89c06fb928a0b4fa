"""An executor that trains nothing: runs finish in an order that the test chooses, and every start is counted."""

from collections.abc import Callable, Iterator, Sequence

from ablab.conduct import conduct
from ablab.course import verdicts
from ablab.execute import Executor
from ablab.records import Observer, Run, RunSpec
from ablab.store import Store
from ablab.study import Decision, Plan


class Simulated:
    """Several runs at a time; `next_of` chooses which of those on their way finishes next, by its place."""

    def __init__(
        self, train: Callable[[RunSpec], Run], slots: int = 1, next_of: Callable[[int], int] = lambda _number: 0
    ) -> None:
        self.train, self.slots, self.next_of = train, slots, next_of
        self.started: list[RunSpec] = []
        self.cancelled: list[RunSpec] = []

    def __call__(self, wanted: Callable[[], Sequence[RunSpec]], observe: Observer) -> Iterator[Run]:
        flying: dict[str, RunSpec] = {}
        while specs := wanted():
            useful = {spec.id for spec in specs}
            self.cancelled += [spec for spec in flying.values() if spec.id not in useful]
            flying = {id_: spec for id_, spec in flying.items() if id_ in useful}
            for spec in specs:
                if len(flying) < self.slots and spec.id not in flying:
                    flying[spec.id] = spec
                    self.started.append(spec)
            yield self.train(flying.pop(list(flying)[self.next_of(len(flying))]))
        self.cancelled += flying.values()


def conducted(
    planned: Plan,
    store: Store,
    execute: Executor,
    observe: Observer = lambda *_: None,
    labels: Sequence[int] | None = None,
) -> Decision:
    """The decision of one study that is carried out until every verdict stands."""
    ((_, decision),) = conduct([verdicts(planned, store, lambda: execute.slots, observe, labels)], store, execute)
    return decision

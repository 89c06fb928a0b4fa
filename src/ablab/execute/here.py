"""The executor that needs nothing: one run after the other, in this process."""

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Self

from ablab.catalogue import mark
from ablab.errors import AblabError
from ablab.events import Event
from ablab.execute import Job, Wanted
from ablab.execute.checkpoints import resumed
from ablab.records import Observer, Run, RunSpec


@mark("executor", "here")
class Here:
    """One run at a time, in this process."""

    slots = 1

    def __init__(self, job: Job) -> None:
        self.job = job

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, wanted: Wanted, observe: Observer) -> Iterator[Run]:
        begun: set[str] = set()
        while specs := [spec for spec in wanted() if spec.id not in begun]:
            begun.add(specs[0].id)
            if run := self._carried_out(specs[0], wanted, observe):
                yield run

    def _carried_out(self, spec: RunSpec, wanted: Wanted, observe: Observer) -> Run | None:
        """The run, or nothing if it was no longer wanted after one of its events."""
        with closing(self._events(spec)) as events:
            for event in events:
                if isinstance(event, Run):
                    return event
                observe(spec, event)
                if all(other.id != spec.id for other in wanted()):
                    break
        return None

    def _events(self, spec: RunSpec) -> Generator[Event | Run]:
        try:
            yield from resumed(spec, self.job.load(spec.recipe), self.job.checkpoints, self.job.weights)
        except AblabError as error:
            error.run = spec.id
            raise

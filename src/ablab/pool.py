"""Pool: one or many studies that share the slots of one executor, the most urgent runs and trials of all in front."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from ablab import trial
from ablab.course import Course, Item, Outcome, Wish
from ablab.errors import AblabError
from ablab.events import Started
from ablab.records import Run


@dataclass(frozen=True)
class Begun:
    """A run on its way: who follows it, and its first event."""

    wish: Wish
    started: Started


class Pool(Generic[Outcome]):
    """The open courses with what each wants. A run that several want is wanted once and sent to all of them.

    A course that fails is left out and the others go on; one that is alone raises.
    """

    def __init__(self, courses: Sequence[Course[Outcome]], is_stopping: Callable[[str], bool]) -> None:
        self.courses, self.is_stopping = courses, is_stopping  # by the hash of a plan
        self.wishes: dict[int, Wish] = {}  # of the courses that are open, by their place
        self.begun: dict[str, Begun] = {}
        self.stopped: list[Course[Outcome]] = []
        self._ended: list[tuple[int, Outcome | AblabError]] = []
        self._order: tuple[Item, ...] | None = None  # of everything that is wanted, until something changes
        self._places: dict[str, set[int]] = {}  # of the courses that want a run
        for place in range(len(courses)):
            self._advance(place)

    def wanted(self) -> Sequence[Any]:
        """Everything that is still useful: the first rounds of all courses, then the second ones, and so on."""
        for course in self.stopped:
            course.close()  # since the last call, what it had on its way has been stopped
        for place, wish in tuple(self.wishes.items()):
            if self.is_stopping(wish.plan.hash):
                self.stopped.append(self.courses[place])
                self._wish(place, None)
        if self._order is None:
            rounds = itertools.zip_longest(*(wish.rounds for wish in self.wishes.values()), fillvalue=())
            specs = itertools.chain.from_iterable(itertools.chain(*each) for each in rounds)
            self._order = tuple({spec.id: spec for spec in specs}.values())
        return self._order

    def observe(self, spec: Item, event: Any) -> None:
        """Tell an event of a run to the first course that wants it."""
        if not (wishes := self.wishing(spec.id)):
            return
        wish, begun = wishes[0], self.begun.get(spec.id)
        if isinstance(event, Started):
            self.begun[spec.id] = Begun(wish, event)
        elif begun and begun.wish.plan.hash != wish.plan.hash:  # the first one that wanted it has ended meanwhile
            self.begun[spec.id] = Begun(wish, begun.started)
            wish.observe(spec, begun.started)
        wish.observe(spec, event)

    def wishing(self, id_: str) -> list[Wish]:
        """The wishes for a run; for one that nobody wants any more, that for which it was begun."""
        wishes = [self.wishes[place] for place in sorted(self._places.get(id_, ()))]
        return wishes or [self.begun[id_].wish for _ in range(id_ in self.begun)]

    def take(self, run: Run | trial.Outcome) -> None:
        """Send a run that has been kept, or what a trial came to, to every course that wants it."""
        self.begun.pop(run.id, None)
        for place in sorted(self._places.get(run.id, ())):
            self._advance(place, run)

    def leave_out(self, error: AblabError) -> None:
        """End the courses that want the run that could not be carried out; raise where no others are left."""
        places = sorted(self._places.get(error.run, ()))
        if not places or len(self.courses) == 1:
            raise error
        for place in places:
            self.courses[place].close()
            self._end(place, error)

    def ended(self) -> Iterator[tuple[int, Outcome | AblabError]]:
        """The places of courses that have ended since the last call, with what each came to."""
        while self._ended:
            yield self._ended.pop(0)

    def _advance(self, place: int, run: Run | trial.Outcome | None = None) -> None:
        course = self.courses[place]
        try:
            self._wish(place, course.send(run) if run else next(course))
        except StopIteration as done:
            self._end(place, done.value)
        except AblabError as error:
            if len(self.courses) == 1:
                raise
            self._end(place, error)

    def _end(self, place: int, outcome: Outcome | AblabError) -> None:
        self._wish(place, None)
        self._ended.append((place, outcome))

    def _wish(self, place: int, wish: Wish | None) -> None:
        """Put a wish in the place of the last one; None for a course that wants nothing more."""
        self._order = None
        if before := self.wishes.get(place):
            for spec in itertools.chain(*before.rounds):
                self._places[spec.id].discard(place)
        if wish is None:
            self.wishes.pop(place, None)
            return
        self.wishes[place] = wish  # which keeps the order of the courses
        for spec in itertools.chain(*wish.rounds):
            self._places.setdefault(spec.id, set()).add(place)

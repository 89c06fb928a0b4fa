"""What tells of trainings outside their process. A tracker is one marked class in one file; this folder is their list.

It is made with an `Activity` and the options of its name, is told what happens, and changes nothing. One that raises is
left out from there on, with one line; it never stops a run. Options that cannot be are an InputError when it is made.
`@mark("tracker", "name")` offers it, with `needs=("package",)` where its file imports what ablab does not come with.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ablab.catalogue import read_operation
from ablab.errors import InputError
from ablab.events import Event, Noticed, Projection
from ablab.records import Run, RunSpec
from ablab.trial import Outcome, Trial

ALWAYS = "progress"  # the tracker that nobody has to ask for


@dataclass(frozen=True)
class Activity:
    """What is going on: a study that is carried out, or a single run."""

    store: Path  # the folder of the store
    plan: str | None = None  # hash of the study's plan; None for a single run
    name: str = ""  # of the study
    path: Path = Path()  # of its file
    least: int = 1  # runs before the first verdict
    most: int = 1


Page = Callable[[], str]  # writes the report of a study, as HTML


class Tracker(Protocol):
    """Hears of every run: its events, then that the store has it; and at the end of a study what it came to.

    Of a trial of a program it hears only that the store has its outcome.
    """

    def event(self, spec: RunSpec, event: Event | Projection) -> None: ...
    def kept(self, run: Run | Outcome) -> None: ...
    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:
        """The study's outcome, as `Result.to_dict` gives it, and its report, which takes a moment to write."""

    def close(self) -> None:
        """Nothing more comes, whether all went well or not."""


class Tracking:
    """An observer that tells trackers after the one whom a person sees, and leaves out those that raise."""

    def __init__(self, observe: Callable[[Any, Any], None]) -> None:
        self.observe = observe
        self.trackers: dict[str, Tracker] = {}
        self.spec: RunSpec | Trial | None = None  # the last one of which something was told
        self.has_kept = False  # whether the store has taken something in meanwhile

    def __call__(self, spec: Any, event: Any) -> None:
        self.spec = spec
        if isinstance(event, Run | Outcome):
            self.has_kept = True
            self.each(lambda tracker: tracker.kept(event))
            return
        self.observe(spec, event)
        if isinstance(event, Event | Projection) and isinstance(spec, RunSpec):
            self.each(lambda tracker: tracker.event(spec, event))

    def decided(self, outcome: Mapping[str, Any], page: Page | None = None) -> None:
        asked_for = [f'tracker "{name}"' for name in self.trackers if name != ALWAYS]
        if asked_for and not self.has_kept:
            got = "gets" if len(asked_for) == 1 else "get"
            stored = "the store already has all results, and trackers follow only new ones"
            self.note(f"{' and '.join(asked_for)} {got} only the verdicts: {stored}")
        self.each(lambda tracker: tracker.decided(outcome, page))

    def close(self) -> None:
        self.each(lambda tracker: tracker.close())
        self.trackers.clear()  # nobody follows a run that ends later

    def each(self, tell: Callable[[Tracker], None]) -> None:
        for name, tracker in tuple(self.trackers.items()):
            try:
                tell(tracker)
            except Exception as error:  # whatever it is: a training is worth more than what is told of it
                del self.trackers[name]
                self.leave_out(name, error)

    def leave_out(self, name: str, error: Exception) -> None:
        """Say in one line that a tracker failed."""
        reason = getattr(error, "strerror", None) or error
        self.note(f'tracker "{name}" failed, and ablab no longer uses it: {reason}; the run continues')

    def note(self, text: str) -> None:
        """Print a line among those of a run, or on standard error before there is one."""
        if self.spec:
            self.observe(self.spec, Noticed(text))
        else:
            print(text, file=sys.stderr)


def check_trackers(texts: Iterable[str]) -> None:
    """Raise for what names no tracker, before anything is trained."""
    for text in texts:
        read_operation("track", "tracker", text)


@contextlib.contextmanager
def tracking(texts: Iterable[str], activity: Activity, observe: Callable[[Any, Any], None]) -> Iterator[Tracking]:
    """While it goes on, progress is told, and the trackers that are named are: `jsonl(events.jsonl)`."""
    told = Tracking(observe)
    for text in dict.fromkeys([ALWAYS, *texts]):
        make = read_operation("track", "tracker", text).load()
        try:
            told.trackers[text] = make(activity)
        except InputError:
            told.close()
            raise
        except Exception as error:  # a server that does not answer, above all
            told.leave_out(text, error)
    try:
        yield told
    finally:
        told.close()

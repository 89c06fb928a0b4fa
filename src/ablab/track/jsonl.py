"""The tracker that writes what happens to a file, a line of JSON each: for programs of one's own, in any language."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablab import wire
from ablab.catalogue import mark
from ablab.errors import InputError
from ablab.events import Event, Projection, Started
from ablab.records import Run, RunSpec
from ablab.track import Activity, Page
from ablab.trial import Outcome


@mark("tracker", "jsonl", example="jsonl(events.jsonl)")
class Jsonl:
    """Every event as a line at the end of a file: jsonl(events.jsonl)."""

    def __init__(self, activity: Activity, *, file: str) -> None:
        self.plan = activity.plan
        try:
            self.opened = Path(file).open("ab", buffering=0)  # noqa: SIM115 (until close)
        except OSError as error:
            raise InputError(f"{file}: ablab cannot write events there: {error.strerror or error}") from None

    def event(self, spec: RunSpec, event: Event | Projection) -> None:
        if isinstance(event, Started):
            self._line({"event": "spec", "run": spec.id, "plan": self.plan, **wire.spec_value(spec)})
        self._line({"run": spec.id, **wire.event_value(event)})

    def kept(self, run: Run | Outcome) -> None:
        if isinstance(run, Outcome):
            self._line(wire.outcome_value(run))
        else:
            self._line({"run": run.id, **wire.run_value(run)})

    def decided(self, outcome: Mapping[str, Any], page: Page | None) -> None:  # noqa: ARG002
        self._line({"event": "decided", **outcome})

    def close(self) -> None:
        self.opened.close()

    def _line(self, value: Mapping[str, Any]) -> None:
        self.opened.write(json.dumps(value, allow_nan=False).encode() + b"\n")

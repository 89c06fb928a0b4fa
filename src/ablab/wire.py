"""wire: run specs, events and runs as JSON, in one form for workers, progress files, the live view and reports.

A value is a plain dictionary, so that whoever sends it may add keys of its own; a reader ignores the keys that it does
not know. What is large stays behind: the state, and the answers to the test images unless a run is sent whole.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, StrictBool, StrictInt, StrictStr, TypeAdapter

from ablab.events import EpochDone, Event, Finished, Noticed, Projection, Started
from ablab.recipe import Recipe
from ablab.records import Run, RunSpec
from ablab.trial import Outcome

LARGE = {"state", "predictions", "certainty", "confusions"}  # of events and runs
NAMES: dict[type[Any], str] = {Started: "started", Noticed: "noticed", EpochDone: "epoch", Finished: "finished"}
KINDS = {name: kind for kind, name in NAMES.items()} | {
    kind.__name__: kind for kind in NAMES
}  # the latter: older files

_EVENTS: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(ser_json_inf_nan="strings"))


@dataclass(frozen=True)
class _Spec:
    recipe: dict[str, Any]
    seed: StrictInt
    fingerprint: StrictStr
    explores: StrictBool = False


_SPEC: TypeAdapter[_Spec] = TypeAdapter(_Spec)


def spec_value(spec: RunSpec) -> dict[str, Any]:
    """A run spec: the seed, what of the recipe differs from the defaults, and the data's fingerprint."""
    recipe = {"model": spec.recipe.model, **spec.recipe.changes()}
    value = {"seed": spec.seed, "recipe": recipe, "fingerprint": spec.fingerprint}
    return value | ({"explores": True} if spec.explores else {})


def spec_of(value: Mapping[str, Any]) -> RunSpec:
    """The run spec of a value; ValueError or RecipeError for what is none."""
    read = _SPEC.validate_python(value)
    return RunSpec(Recipe.stored(read.recipe), read.seed, read.fingerprint, read.explores)


def event_value(event: Event | Projection) -> dict[str, Any]:
    """An event under its name; the figures of an epoch stand beside the name, coming runs are their ids."""
    if isinstance(event, Projection):
        return {"event": "projected", **vars(event), "coming": [spec.id for spec in event.coming]}
    facts = json.loads(_EVENTS.dump_json(event, exclude=LARGE))
    return {"event": NAMES[type(event)], **facts.pop("row", {}), **facts}


def event_of(value: Mapping[str, Any]) -> Event:
    """The event of a value, without what is large; ValueError for what is none."""
    kind = KINDS.get(value.get("event", ""))
    if kind is None:
        raise ValueError(f"no event is called {value.get('event')}")
    facts = {"row": value, "predictions": b"", **value} if kind in (EpochDone, Finished) else value
    event: Event = _KIND[kind].validate_python(facts)
    return event


def run_value(run: Run, *, whole: bool = False) -> dict[str, Any]:
    """A run under its id: its record, with the answers to the test images where it is sent whole."""
    facts = json.loads(run.to_json())
    left_out = () if whole else LARGE
    return {"event": "run", "id": run.id, **{key: value for key, value in facts.items() if key not in left_out}}


def outcome_value(outcome: Outcome) -> dict[str, Any]:
    """What a trial came to, without what it printed."""
    facts = json.loads(outcome.to_json())
    trial = facts.pop("trial")
    left_out = ("output", "errors")
    known = {key: value for key, value in facts.items() if key not in left_out}
    return {"event": "trial", "id": outcome.id, **trial, **known}


def run_of(value: Mapping[str, Any]) -> Run:
    """The run of a value; ValueError for what is none."""
    return Run.from_json(json.dumps({key: fact for key, fact in value.items() if key not in ("event", "id")}))


def line(item: Event | Run) -> bytes:
    """One line for another process: an event, or a run with all that it has."""
    value = run_value(item, whole=True) if isinstance(item, Run) else event_value(item)
    return json.dumps(value, allow_nan=False).encode()


_KIND: dict[type[Any], TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in NAMES}

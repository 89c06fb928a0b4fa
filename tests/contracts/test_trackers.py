"""Whatever tracker the folder holds: it is told all that happens, changes nothing, and never stops a run."""

import dataclasses
import json
import math

import pytest

from ablab.catalogue import catalogue
from ablab.errors import InputError
from ablab.events import EpochDone, Finished, Noticed, Projection, Started
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement, RunSpec
from ablab.track import Activity, Tracking, tracking
from sample_runs import sample_run

SPEC = RunSpec(Recipe.of({"norm": "batch"}), 7, "fingerprint")
EVENTS = [
    Started(82_030, "cpu", "fp32", 2, 900, 100, 2.3, 0.5),
    Noticed("look here"),
    EpochDone(EpochRow(1, 0.1, 2.0, 0.2, math.inf, 0.3, 0.5, 900), True, state=object()),
    Finished(1, Measurement(1.0, 0.4, 100), b"\1" * 100, False, 1.0, 1.2, state=object()),
]
LEFT = Projection(0, 1, 5, (SPEC,), 12.0, ())
RUN = dataclasses.replace(sample_run(), spec=SPEC)
NAMES = [
    pytest.param(entry.example or name, marks=[pytest.mark.skip(reason="a package")] if entry.needs else [])
    for name, entry in catalogue("track", "tracker").items()
]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def told_everything(texts, folder, plan=None):
    """The events that a person saw, while trackers were told a run from its start to its end."""
    seen = []
    with tracking(texts, Activity(folder / "store", plan), lambda spec, event: seen.append(event)) as tell:
        for event in (*EVENTS, RUN, LEFT):
            tell(SPEC, event)
        tell.decided({"study": "s", "verdicts": []})
    return seen


@pytest.mark.parametrize("plan", [None, "abc"])
@pytest.mark.parametrize("text", NAMES)
def test_it_is_told_all_that_happens_without_a_fault(text, plan, tmp_path):
    assert told_everything([text], tmp_path, plan) == [*EVENTS, LEFT]


class Broken:
    """Raises when it is told one kind of thing."""

    def __init__(self, *kinds):
        self.kinds, self.told = kinds, []

    def __getattr__(self, name):
        def hear(*_):
            self.told.append(name)
            if name in self.kinds:
                raise ZeroDivisionError(name)

        return hear


@pytest.mark.parametrize("kind", ["event", "kept", "decided", "close"])
def test_one_that_raises_at_any_moment_is_told_nothing_more_and_the_others_are_told_all(kind):
    seen, broken, whole = [], Broken(kind), Broken()
    tell = Tracking(lambda spec, event: seen.append(event))
    tell.trackers |= {"mine": broken, "other": whole}
    for event in (*EVENTS, RUN):
        tell(SPEC, event)
    tell.decided({"study": "s"})
    tell.close()
    assert [event for event in seen if event in EVENTS] == EVENTS
    assert [event.text for event in seen if event not in EVENTS] == [
        f'tracker "mine" failed, and ablab no longer uses it: {kind}; the run continues'
    ]
    assert broken.told.count(kind) == 1
    assert broken.told[-1] == kind
    assert whole.told == ["event"] * len(EVENTS) + ["kept", "decided", "close"]


def test_lines_of_json_tell_a_run_from_its_spec_to_what_was_decided(tmp_path):
    told_everything(["jsonl(events.jsonl)"], tmp_path, "abc")
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    kinds = ["spec", "started", "noticed", "epoch", "finished", "run", "projected", "decided"]
    assert [line["event"] for line in lines] == kinds
    assert {line["run"] for line in lines[:-1]} == {SPEC.id}
    assert (lines[0]["plan"], lines[0]["recipe"]["norm"]) == ("abc", "batch")
    assert lines[3]["val_loss"] == "Infinity"
    assert not any({"state", "predictions", "certainty"} & line.keys() for line in lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jsnol(x)", 'did you mean "jsonl"'),
        ("jsonl", "file is missing"),
        ("jsonl(full/x)", "ablab cannot write events there"),
        ("jsonl(no/x)", "No such file"),
    ],
)
def test_one_that_cannot_be_is_refused_before_anything_is_trained(text, message, tmp_path):
    (tmp_path / "full").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=message), tracking([text], Activity(tmp_path / "store"), lambda *_: None):
        pass
    assert not (tmp_path / "no").exists()

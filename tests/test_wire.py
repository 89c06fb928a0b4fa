"""What goes to another process, to a file or into a page comes back as it was, but for what is too large to go."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab import wire
from ablab.events import EpochDone, Finished, Noticed, Projection, Started
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement, RunSpec, Weights
from sample_runs import sample_run

numbers = st.floats(allow_nan=False)  # NaN is equal to nothing, so it has a test of its own
counts = st.integers(0, 2**53)
measurements = st.builds(
    Measurement, loss=numbers, accuracy=numbers, images=counts, metrics=st.dictionaries(st.text(max_size=5), numbers)
)
rows = st.builds(EpochRow, counts, *[numbers] * 6, examples=counts)
weights = st.builds(Weights, counts, numbers, numbers, st.lists(counts, max_size=4).map(tuple))
events = st.one_of(
    st.builds(Started, counts, st.text(), st.text(), counts, counts, counts, numbers, numbers),
    st.builds(Noticed, st.text()),
    st.builds(EpochDone, rows, st.booleans(), memory=counts),
    st.builds(
        Finished,
        counts,
        measurements,
        st.just(b""),
        st.booleans(),
        numbers,
        numbers,
        stopped=st.text(),
        train=st.none() | measurements,
        weights=st.none() | weights,
    ),
)
recipes = st.builds(
    lambda keys, width: Recipe.of({**keys, "width": width}),
    st.fixed_dictionaries(
        {},
        optional={
            "lr": st.floats(1e-6, 10),
            "epochs": st.integers(1, 500),
            "norm": st.sampled_from(["none", "batch", "group"]),
            "augment": st.sampled_from(["crop(4) + flip", "none"]),
            "clip": st.none() | st.floats(0.1, 10),
        },
    ),
    st.sampled_from([0.5, 1.0, 2.0]),
)
specs = st.builds(RunSpec, recipes, st.integers(0, 2**40), st.text(), st.booleans())


def sent(value):
    """The value on the other side of strict JSON."""
    return json.loads(json.dumps(value, allow_nan=False))


@given(events)
def test_every_event_comes_back_as_it_was(event):
    assert wire.event_of(sent(wire.event_value(event))) == event
    assert wire.event_of(json.loads(wire.line(event))) == event


@given(specs)
def test_every_run_spec_comes_back_with_the_same_id(spec):
    back = wire.spec_of(sent(wire.spec_value(spec)))
    assert back == spec
    assert back.id == spec.id


@given(specs, st.lists(rows, max_size=3).map(tuple), st.none() | measurements, st.binary(max_size=20))
def test_every_run_comes_back_whole(spec, curve, test, answers):
    run = dataclasses.replace(sample_run(), spec=spec, curve=curve, test=test, predictions=answers, certainty=answers)
    assert wire.run_of(json.loads(wire.line(run))) == run


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_figures_that_are_no_numbers_are_words_in_json_and_come_back(value):
    done = EpochDone(EpochRow(1, 0.1, value, 0.2, value, 0.3, 0.5), False)
    assert wire.event_value(done)["train_loss"] in ("NaN", "Infinity", "-Infinity")
    back = wire.event_of(sent(wire.event_value(done)))
    assert repr(back) == repr(done)


def test_what_is_large_stays_behind():
    finished = Finished(1, Measurement(1.0, 0.5, 2), b"\1\2", False, 1.0, 2.0, state=object(), certainty=b"\3\4")
    value = wire.event_value(finished)
    assert value.keys().isdisjoint(wire.LARGE)
    assert wire.event_of(value) == dataclasses.replace(finished, predictions=b"", state=None, certainty=b"")
    assert wire.run_value(sample_run()).keys().isdisjoint(wire.LARGE)


def test_keys_that_others_added_are_passed_over():
    assert wire.event_of({"run": "0123", "event": "noticed", "text": "x", "at": 3}) == Noticed("x")
    spec = RunSpec(Recipe(), 1, "f")
    assert wire.spec_of({**wire.spec_value(spec), "plan": None, "pid": 12}) == spec


def test_the_form_of_older_progress_files_is_read():
    figures = {"lr": 0.1, "train_loss": math.inf, "train_accuracy": 0.2, "val_loss": 1.0, "val_accuracy": 0.3}
    row = EpochRow(epoch=2, seconds=0.5, examples=9, **figures)
    line = {"event": "EpochDone", "row": dataclasses.asdict(row), "is_best": True, "memory": 7}
    assert wire.event_of(line) == EpochDone(row, True, memory=7)
    assert wire.event_of({"event": "Noticed", "text": "x"}) == Noticed("x")


@pytest.mark.parametrize("value", [{}, {"event": "ended"}, {"event": "epoch"}, {"event": "started", "parameters": "x"}])
def test_what_is_no_event_is_refused(value):
    with pytest.raises(ValueError, match="no event is called|validation error"):
        wire.event_of(value)


@pytest.mark.parametrize(
    "change", [{"seed": "1"}, {"seed": True}, {"seed": 1.0}, {"fingerprint": 3}, {"recipe": ["lr"]}, {"recipe": None}]
)
def test_what_is_no_run_spec_is_refused(change):
    with pytest.raises(ValueError, match="validation error"):
        wire.spec_of({**wire.spec_value(RunSpec(Recipe(), 1, "f")), **change})


def test_a_run_has_one_form_with_its_answers_or_without():
    run = dataclasses.replace(sample_run(), predictions=b"\1\2", certainty=b"\3\4", confusions={"validation": b"\5"})
    whole, short = wire.run_value(run, whole=True), wire.run_value(run)
    assert {key: whole[key] for key in short} == short
    assert whole.keys() - short.keys() == {"predictions", "certainty", "confusions"}
    assert json.loads(wire.line(run)) == sent(whole)
    assert wire.run_of(short) == dataclasses.replace(run, predictions=b"", certainty=b"", confusions={})


def test_what_is_left_of_a_study_names_the_runs_that_are_to_come():
    spec = RunSpec(Recipe(), 4, "f")
    value = sent(wire.event_value(Projection(1, 3, 5, (spec,), 75.0, ("wide",))))
    assert value == {
        "event": "projected",
        "decided": 1,
        "comparisons": 3,
        "seeds": 5,
        "coming": [spec.id],
        "seconds": 75.0,
        "short": ["wide"],
    }

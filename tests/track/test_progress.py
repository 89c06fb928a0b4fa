"""What is running is told to other processes, survives every way a process can end, and never stops a training."""

import contextlib
import dataclasses
import json
import math
import os
import platform
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from ablab.errors import InputError
from ablab.events import EpochDone, Finished, Noticed, Projection, Started
from ablab.recipe import Recipe
from ablab.records import EpochRow, Measurement, RunSpec
from ablab.track import Activity, Tracking, progress, tracking
from ablab.trial import Trial
from sample_runs import sample_run

WANTED = RunSpec(Recipe.of({"epochs": 3, "norm": "batch", "augment": "crop(4)+flip"}), 7, "fingerprint")
STARTED = Started(82_030, "cpu", "fp32", 2, 900, 100, 2.3, 0.5)
DEAD = 2**22 + 1  # beyond the largest number that Linux gives to a process


def row(epoch: int, loss: float = 2.0) -> EpochRow:
    return EpochRow(epoch, 0.1, loss, 0.2, loss, 0.25, 0.5, 900)


def nobody(wanted: RunSpec, event: object) -> None:
    """An observer that shows nothing."""


def recorded(observe, store: Path) -> Tracking:
    """An observer of a single run that tells progress as well."""
    told = Tracking(observe)
    told.trackers["progress"] = progress.Progress(Activity(store))
    return told


@contextlib.contextmanager
def study(store: Path, plan: str = "abc"):
    """While a study is carried out: gives what makes an observer tell its progress."""
    told: list[object] = []
    activity = Activity(store, plan, "norm", Path("studies/norm.toml"), least=6, most=20)
    with tracking((), activity, lambda spec, event: [observe(spec, event) for observe in told]) as observer:

        def follow(observe):
            told.append(observe)
            return observer

        yield follow


def test_a_run_is_seen_from_its_first_event_and_grows_by_an_epoch_at_a_time(tmp_path):
    tell = recorded(nobody, tmp_path)
    tell(WANTED, STARTED)
    (run,) = progress.runs(tmp_path)
    assert (run.spec, run.plan, run.rows, run.epoch) == (WANTED, None, (), 0)
    assert run.started == STARTED
    for epoch in (1, 2):
        tell(WANTED, EpochDone(row(epoch), True, None))
        (run,) = progress.runs(tmp_path)
        assert run.rows == tuple(row(one) for one in range(1, epoch + 1))
    tell(WANTED, Noticed("slow disk"))
    assert not progress.runs(tmp_path)[0].is_measured
    tell(WANTED, Finished(2, Measurement(1.0, 0.4, 100), b"\1" * 100, False, 1.0, 1.2, None))
    (run,) = progress.runs(tmp_path)
    assert (run.notes, run.is_measured) == (("slow disk",), True)
    tell(WANTED, dataclasses.replace(sample_run(), spec=WANTED))
    assert progress.runs(tmp_path) == ()


def test_every_event_reaches_the_show_that_is_wrapped_first(tmp_path):
    seen = []
    tell = recorded(lambda wanted, event: seen.append((wanted, event)), tmp_path)
    events = [STARTED, EpochDone(row(1), True, None), Noticed("x")]
    for event in events:
        tell(WANTED, event)
    assert seen == [(WANTED, event) for event in events]


def test_a_note_about_a_trial_of_a_program_is_shown_and_told_to_no_tracker(tmp_path):
    shown = []
    with tracking((), Activity(tmp_path), lambda spec, event: shown.append(event)) as observe:
        observe(Trial("program", "--a", 0), Noticed("another process calls it"))
        assert list(observe.trackers) == ["progress"]
    assert shown == [Noticed("another process calls it")]


def test_losses_that_are_no_numbers_come_back_as_they_were(tmp_path):
    tell = recorded(nobody, tmp_path)
    tell(WANTED, EpochDone(row(1, math.inf), False, None))
    tell(WANTED, EpochDone(row(2, math.nan), False, None))
    rows = progress.runs(tmp_path)[0].rows
    assert rows[0].train_loss == math.inf
    assert math.isnan(rows[1].val_loss)


def test_a_disk_that_refuses_is_said_once_and_the_run_goes_on(tmp_path):
    (tmp_path / "live").write_text("a file where the folder should be")
    seen = []
    tell = recorded(lambda wanted, event: seen.append(event), tmp_path)
    for event in (STARTED, EpochDone(row(1), True, None), EpochDone(row(2), True, None)):
        tell(WANTED, event)
    notes = [event.text for event in seen if isinstance(event, Noticed)]
    assert len(seen) == 4
    assert len(notes) == 1
    assert "the run continues" in notes[0]


@pytest.mark.faults
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_in_the_middle_of_a_run_does_not_stop_it(tmp_path):
    seen = []
    tell = recorded(lambda wanted, event: seen.append(event), tmp_path)
    tell(WANTED, STARTED)
    file = tmp_path / "live" / f"{WANTED.id}.jsonl"
    file.unlink()
    file.symlink_to("/dev/full")
    for epoch in (1, 2, 3):
        tell(WANTED, EpochDone(row(epoch), True, None))
    assert [type(event) for event in seen] == [Started, EpochDone, Noticed, EpochDone, EpochDone]


def test_a_study_is_seen_while_it_is_carried_out_and_leaves_nothing_behind(tmp_path):
    with study(tmp_path) as follow:
        follow(nobody)(WANTED, STARTED)
        (it,) = progress.studies(tmp_path)
        assert (it.plan, it.name, it.least, it.most, it.pid, it.is_stopping) == ("abc", "norm", 6, 20, os.getpid(), 0)
        assert Path(it.path).is_absolute()
        assert progress.runs(tmp_path)[0].plan == "abc"
    assert progress.studies(tmp_path) == progress.runs(tmp_path) == ()
    assert list((tmp_path / "live").iterdir()) == []


def test_a_study_can_be_asked_to_stop_and_the_wish_ends_with_it(tmp_path):
    with study(tmp_path) as follow:
        follow(nobody)(WANTED, STARTED)
        assert not progress.is_stop_requested(tmp_path, "abc")
        progress.request_stop(tmp_path, "abc")
        assert progress.studies(tmp_path)[0].is_stopping
        assert progress.is_stop_requested(tmp_path, "abc")
    assert not progress.is_stop_requested(tmp_path, "abc")
    assert list((tmp_path / "live").iterdir()) == []


def test_what_is_left_of_a_study_is_no_line_of_a_run(tmp_path):
    with study(tmp_path) as follow:
        tell = follow(nobody)
        tell(WANTED, STARTED)
        tell(WANTED, sample_run(spec=WANTED))
        tell(WANTED, Projection(0, 1, 5, (), None, ()))
        assert list((tmp_path / "live").glob("*.jsonl")) == []


def test_a_stop_that_was_meant_for_an_earlier_process_does_not_stop_the_next(tmp_path):
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "stop-abc").touch()
    with study(tmp_path) as follow:
        follow(nobody)(WANTED, STARTED)
        assert not progress.studies(tmp_path)[0].is_stopping


def test_only_a_study_that_is_being_carried_out_can_be_stopped(tmp_path):
    for plan in ("abc", "../../etc", ""):
        with pytest.raises(InputError, match="nothing to stop"):
            progress.request_stop(tmp_path, plan)
    assert not (tmp_path / "live").exists()


def test_a_study_is_carried_out_even_where_progress_cannot_be_told(tmp_path):
    (tmp_path / "live").write_text("a file where the folder should be")
    seen = []
    with study(tmp_path) as follow:
        follow(lambda wanted, event: seen.append(event))(WANTED, STARTED)
    assert seen[0] == STARTED
    assert progress.studies(tmp_path) == ()


KILLED = """
import os, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, os.path.dirname({tests!r})]
from test_progress import *
with study(Path({store!r})) as follow:
    follow(nobody)(WANTED, STARTED)
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_what_a_killed_process_left_is_not_believed_and_swept_by_the_next(tmp_path):
    code = KILLED.format(tests=str(Path(__file__).parent), store=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdin
    assert process.stdout.readline() == "ready\n"
    assert [it.pid for it in progress.studies(tmp_path)] == [process.pid]
    assert len(progress.runs(tmp_path)) == 1
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert progress.studies(tmp_path) == progress.runs(tmp_path) == ()
    assert len(list((tmp_path / "live").iterdir())) == 2
    with study(tmp_path, plan="other"):
        assert [file.name for file in (tmp_path / "live").iterdir()] == ["study-other.json"]


def write(store: Path, name: str, *lines: object) -> Path:
    file = store / "live" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def owner(**changes: object) -> dict[str, object]:
    born = psutil.Process().create_time()
    return {"pid": os.getpid(), "born": born, "host": platform.node(), "at": 1.0, **changes}


@pytest.mark.parametrize("change", [{"pid": DEAD}, {"born": 5.0}, {"host": "elsewhere"}, {"pid": "x"}, {"pid": -1}])
def test_a_file_is_believed_only_if_that_very_process_of_this_machine_lives(tmp_path, change):
    said = {"plan": "abc", "name": "n", "path": "p", "least": 1, "most": 2}
    write(tmp_path, "study-abc.json", {**said, **owner()})
    assert len(progress.studies(tmp_path)) == 1
    write(tmp_path, "study-abc.json", {**said, **owner(**change)})
    assert progress.studies(tmp_path) == ()


def test_files_of_other_machines_are_left_alone(tmp_path):
    file = write(tmp_path, "study-abc.json", {"plan": "abc", **owner(host="elsewhere", pid=DEAD)})
    progress.sweep(tmp_path)
    assert file.exists()


BEGINNING = {"recipe": {"model": "simple-nn"}, "wanted": {"seed": 1, "fingerprint": "f"}, "plan": None}
OTHER = RunSpec(Recipe(), 1, "f")
GARBAGE = {
    "nothing": [],
    "a list": [[1, 2]],
    "no recipe": [{**owner()}],
    "a recipe that cannot be": [{**BEGINNING, **owner(), "recipe": {"model": "nothing-like-it"}}],
    "a seed that is no number": [{**BEGINNING, **owner(), "wanted": {"seed": "many", "fingerprint": "f"}}],
    "a row without figures": [{**BEGINNING, **owner()}, {"event": "EpochDone", "row": {"epoch": 1}}],
    "a row that is a word": [{**BEGINNING, **owner()}, {"event": "EpochDone", "row": "x"}],
    "no seed": [{**BEGINNING, **owner(), "wanted": {"fingerprint": "f"}}],
    "a seed that is a list": [{**BEGINNING, **owner(), "wanted": [1]}],
    "another run's name": [{**BEGINNING, **owner(), "wanted": {"seed": 2, "fingerprint": "f"}}],
    "a time that is none": [{**BEGINNING, **owner(at=math.nan)}],
}


@pytest.mark.parametrize("what", GARBAGE)
def test_a_file_that_says_something_else_is_no_run(tmp_path, what):
    write(tmp_path, f"{OTHER.id}.jsonl", *GARBAGE[what])
    assert progress.runs(tmp_path) == ()
    write(tmp_path, f"{OTHER.id}.jsonl", {**BEGINNING, **owner()})
    assert len(progress.runs(tmp_path)) == 1


def test_half_a_line_at_the_end_is_left_out(tmp_path):
    tell = recorded(nobody, tmp_path)
    tell(WANTED, EpochDone(row(1), True, None))
    with (tmp_path / "live" / f"{WANTED.id}.jsonl").open("a") as file:
        file.write('{"event": "EpochDone", "row": {"epo')
    assert [one.epoch for one in progress.runs(tmp_path)[0].rows] == [1]


def test_a_reader_that_looks_all_the_time_never_sees_half_an_epoch(tmp_path):
    tell = recorded(nobody, tmp_path)
    tell(WANTED, STARTED)
    seen, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.extend(len(run.rows) for run in progress.runs(tmp_path))

    reader = threading.Thread(target=look)
    reader.start()
    for epoch in range(1, 301):
        tell(WANTED, EpochDone(row(epoch), True, None))
    done.set()
    reader.join()
    assert seen == sorted(seen)
    assert len(progress.runs(tmp_path)[0].rows) == 300

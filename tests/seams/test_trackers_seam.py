"""A tracker is one new file: the command line then tells it what happens, and a broken one stops nothing."""

import json

import pytest

TRACKER = '''"""The tracker that writes the kinds of what it is told to the error stream."""

import sys

from ablab.catalogue import mark


@mark("tracker", "mine")
class Mine:
    """Kinds of events, a word each."""

    def __init__(self, activity, *, breaks=False, answers=True):
        self.breaks = breaks
        if not answers:
            raise ConnectionError("nobody answers")

    def event(self, spec, event):
        if self.breaks:
            raise RuntimeError("no more paper")
        print("told", type(event).__name__, file=sys.stderr)

    def kept(self, run):
        print("told", run.status, file=sys.stderr)

    def decided(self, outcome, page):
        print("told", outcome["study"], file=sys.stderr)

    def close(self):
        print("told the end", file=sys.stderr)
'''
WORDS = ("mlp", "data=phantom(train=200,test=60)", "train_images=60", "epochs=1", "batch=20")


@pytest.mark.slow
def test_a_tracker_is_one_new_file(package_copy):
    package_copy.drop("track/mine.py", TRACKER)
    done = package_copy.run("train", *WORDS, "--track", "mine", "--track", "jsonl(events.jsonl)")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("told") and line != "told Noticed"]
    assert told == ["told Started", "told EpochDone", "told Finished", "told finished", "told the end"]
    lines = [json.loads(line)["event"] for line in (package_copy.work / "events.jsonl").read_text().splitlines()]
    assert [line for line in lines if line != "noticed"] == ["spec", "started", "epoch", "finished", "run"]


@pytest.mark.slow
def test_a_tracker_that_raises_is_left_out_and_the_run_goes_on(package_copy):
    package_copy.drop("track/mine.py", TRACKER)
    done = package_copy.run("train", *WORDS, "--track", "mine(breaks=true)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('tracker "mine(breaks=true)" failed, and ablab no longer uses it: no more paper') == 1
    assert "told" not in done.stderr


@pytest.mark.slow
def test_a_tracker_that_cannot_begin_is_left_out_and_the_run_goes_on(package_copy):
    package_copy.drop("track/mine.py", TRACKER)
    done = package_copy.run("train", *WORDS, "--track", "mine(answers=false)")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count('tracker "mine(answers=false)" failed, and ablab no longer uses it: nobody answers') == 1
    assert "told" not in done.stderr

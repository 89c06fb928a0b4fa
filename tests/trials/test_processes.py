"""Commands are called side by side, stopped in time, and leave nothing behind, whatever they print."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ablab.errors import InputError
from ablab.trial import Trial
from ablab.trials.command import Command
from ablab.trials.processes import KEPT, READ, Processes
from ablab.trials.question import Measure


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def trial(arguments="", seed=0):
    return Trial("subject", arguments, seed)


def called(script, *trials, slots=1, measure=None, **more):
    """The outcomes of a shell script, which has the seed and then the arguments."""
    Path("script.sh").write_text(script)
    wanted = list(trials or [trial()])
    found = []
    command = Command("sh script.sh {seed} {args}", **more)
    with Processes(lambda _: (command, [measure or Measure()]), Path("folders"), slots) as call:
        for outcome in call(lambda: tuple(wanted)):
            wanted.remove(outcome.trial)
            found.append(outcome)
    assert not Path("folders").exists()
    return found


def test_each_place_is_filled_in_its_own_word_and_no_shell_reads_them(tmp_path):
    words = Command("run 'a b' --out={folder}/x --seed {seed} {args} --note={args}").words(
        "--t '$HOME; ls'", 3, Path("/f")
    )
    assert words == ["run", "a b", "--out=/f/x", "--seed", "3", "--t", "$HOME; ls", "--note=--t '$HOME; ls'"]
    (outcome,) = called('touch "$2"; echo 1', trial("'$(touch no)'"))
    assert outcome.status == "finished"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["$(touch no)", "script.sh"]


def test_the_figure_is_read_from_what_a_program_prints():
    script = """echo starting; echo oops >&2; echo "{\\"acc\\": 0.$1}" """
    (outcome,) = called(script, trial(seed=7), measure=Measure("acc"))
    assert (outcome.status, outcome.figures, outcome.errors) == ("finished", {"acc": 0.7}, "oops\n")


def test_the_figure_is_read_from_a_file_of_the_calls_own_folder():
    script = 'echo "{\\"acc\\": 0.$1}" > "$2"'
    many = [trial("{folder}", seed) for seed in range(3)]
    Path("script.sh").write_text(script)
    command = Command("sh script.sh {seed} {folder}/result.json {args}", file="{folder}/result.json")
    wanted = list(many)
    found = {}
    with Processes(lambda _: (command, [Measure("acc")]), Path("folders"), 3) as call:
        for outcome in call(lambda: tuple(wanted)):
            wanted.remove(outcome.trial)
            found[outcome.trial.seed] = outcome.figures
    assert found == {seed: {"acc": seed / 10} for seed in range(3)}
    assert not Path("folders").exists()


def test_a_result_file_of_an_earlier_call_is_not_taken_for_that_of_this_one():
    Path("result.json").write_text('{"acc": 0.9}')
    (outcome,) = called("exit 0", file="result.json")
    assert (outcome.status, outcome.note) == ("no figure", "it did not write its result file result.json")
    (other,) = called('echo "{\\"acc\\": 0.8}" > result.json', file="result.json")
    assert other.figures == {"acc": 0.8}


@pytest.mark.parametrize(
    ("script", "status", "note"),
    [
        ("echo hello", "no figure", "no finite number in its output"),
        ('echo \'{"a": 1, "b": 2}\'', "no figure", "choose one with metric"),
        ("echo 1; exit 3", "failed", "exit code 3"),
        ("echo 1; kill -9 $$", "failed", "ended by signal SIGKILL, perhaps because memory ran out"),
        ("echo 1; kill -TERM $$", "failed", "ended by signal SIGTERM"),
    ],
)
def test_a_call_without_a_figure_says_why(script, status, note):
    (outcome,) = called(script)
    assert outcome.status == status
    assert note in outcome.note
    assert outcome.figures == {}


def test_a_call_that_never_ends_is_stopped_with_all_that_it_has_started(tmp_path):
    script = "echo $$ > pid; sleep 1000 & echo $! > child; echo 1; wait"
    (outcome,) = called(script, limit="0.5s")
    assert (outcome.status, outcome.note) == ("timed out", "stopped after 0.5s, its time limit")
    assert not any(lives(int(Path(name).read_text())) for name in ("pid", "child"))


@pytest.mark.long
def test_a_call_that_does_not_listen_to_being_stopped_is_killed():
    (outcome,) = called("trap '' TERM; echo 1; while true; do sleep 0.1; done", limit="0.3s")
    assert outcome.status == "timed out"


def test_a_process_that_a_call_leaves_behind_does_not_hold_it_up():
    (outcome,) = called("sleep 1000 & echo $! > child; echo 1")
    assert outcome.status == "finished"
    assert outcome.seconds < 100
    assert not lives(int(Path("child").read_text()))


def test_what_a_call_prints_is_bounded_and_its_end_is_what_counts():
    much = "head -c 40000000 /dev/zero | tr '\\0' 'x'"
    script = f"{much}; echo; echo '{{\"acc\": 0.5}}'; {much} >&2"
    (outcome,) = called(script)
    assert outcome.figures == {"acc": 0.5}
    assert len(outcome.output) <= KEPT < READ
    assert len(outcome.errors) <= KEPT
    assert outcome.output.endswith('{"acc": 0.5}\n')


def test_calls_go_on_side_by_side_and_those_not_wanted_any_more_are_stopped():
    Path("script.sh").write_text('if [ "$1" = 0 ]; then echo 1; else echo $$ > pid; sleep 1000; fi')
    trials = [trial(seed=0), trial(seed=1)]
    found = []
    with Processes(lambda _: (Command("sh script.sh {seed} {args}"), [Measure()]), Path("folders"), 2) as call:
        for outcome in call(lambda: tuple(trials) if not found else ()):
            found.append(outcome)
    assert [outcome.trial.seed for outcome in found] == [0]
    assert not Path("pid").exists() or not lives(int(Path("pid").read_text()))


PARENT = """
import pathlib, sys
from ablab.trial import Trial
from ablab.trials.command import Command
from ablab.trials.processes import Processes
from ablab.trials.question import Measure
with Processes(lambda _: (Command("sh script.sh {seed} {args}"), [Measure()]), pathlib.Path("folders"), 1) as call:
    list(call(lambda: (Trial("subject", "", 0),)))
"""


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_parent_that_is_killed_or_interrupted_leaves_no_call_running(number):
    Path("script.sh").write_text("sleep 1000 & echo $! > child; echo $$ > pid; wait")
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stderr=subprocess.DEVNULL)
    until(lambda: Path("pid").exists() and Path("pid").read_text().strip())
    pids = [int(Path(name).read_text()) for name in ("pid", "child")]
    parent.send_signal(number)
    parent.wait()
    until(lambda: not any(map(lives, pids)))


def test_a_program_that_is_not_there_is_said_before_anything_is_called():
    with pytest.raises(InputError, match="no-such-program: there is no such program on the PATH"):
        Command("no-such-program {seed} {args}").check()
    with pytest.raises(InputError, match=r"\./nothing: there is no such file that can be run"):
        Command("./nothing {seed} {args}").check()
    with pytest.raises(InputError, match=r"all calls would write to r.json: put \{folder\} in its path"):
        Command("sh {seed} {args}", file="r.json").check(2)


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def until(holds) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it has not happened in a minute"
        time.sleep(0.02)

"""However a command ends, a person reads a sentence and a script gets a code."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ablab.store import Store
from commands import ablab
from sample_runs import sample_run

ABLAB = [sys.executable, "-m", "ablab"]
LONG = "x" * 5000


def ended(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "check": False, **more}
    return subprocess.run([*ABLAB, *words], **given)


@pytest.fixture
def store(tmp_path):
    Store(tmp_path / "store").add(sample_run())
    return str(tmp_path / "store")


def test_a_full_disk_behind_the_output_is_a_sentence(store):
    with Path("/dev/full").open("w") as full:
        done = ended("runs", "ls", "--store", store, stdout=full)
    assert (done.returncode, done.stderr) == (1, "error: input or output failed: No space left on device\n")


@pytest.mark.long
def test_a_full_disk_behind_the_output_costs_no_training(tmp_path):
    words = ["train", "data=phantom(train=200, test=50)", "epochs=1", "batch=50", "--store", str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        done = ended(*words, stdout=full)
    assert done.returncode == 1
    assert (
        done.stderr == "error: the output could not be written (No space left on device); the store has the results\n"
    )
    assert len(Store(tmp_path).ids()) == 1


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_closed_stream_is_no_error_and_no_file_takes_its_place(store, stream):
    command = f'exec "$0" -m ablab runs ls --store "$1" {stream}>&-'
    done = subprocess.run(["sh", "-c", command, sys.executable, store], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (sample_run().id in done.stdout) == (stream != 1)


@pytest.mark.parametrize(
    "words",
    [
        ["runs", "ls", "--store", LONG],
        ["runs", "ls", "--store", "/dev/null/below"],
        ["runs", "export", "--store", "STORE", "--to", "/proc/none/x.ablab"],
        ["plan", LONG],
        ["plan", f"{LONG}.toml"],
        ["plan", "/dev/zero"],
        ["audit", LONG],
        ["audit", "/dev/null/below"],
        ["train", f"data={LONG}/{LONG}"],
        ["verify", LONG],
        ["verdict", LONG],
        ["report", "/dev/null/below.toml", "--store", "STORE"],
        ["inspect", f"{LONG}.py:Net"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_a_path_that_leads_nowhere_is_a_sentence(store, words, tmp_path):
    done = ablab(*(store if word == "STORE" else word for word in words), cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "unexpected error" not in done.stderr
    assert done.stderr.startswith(("error: ", "Usage: "))


def test_a_terminal_obeys_nothing_of_a_message(store, tmp_path):
    for words in (["runs", "show", "a\x1b[31mb", "--store", store], ["train", "--a\x07b"], ["plan", "a\u202eb"]):
        assert all(c.isprintable() or c == "\n" for c in ablab(*words, cwd=tmp_path).stderr)


def test_what_nobody_foresaw_is_a_sentence_and_its_traceback_can_be_had():
    code = """
import sys
from ablab import cli
sys.argv = ["ablab", "models"]
def fail(*_, **__):
    raise ZeroDivisionError("of our own")
cli.command.main = fail
cli.main()
"""
    for more, inside in (({}, "ABLAB_TRACEBACK=1"), ({"ABLAB_TRACEBACK": "1"}, "Traceback")):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **more})
        assert done.returncode == 1
        assert inside in done.stderr
        assert "ZeroDivisionError: of our own" in done.stderr


DROPPED = {
    "in a finalizer": """
class Object:
    def __del__(self):
        os.kill(os.getpid(), number)
        time.sleep(1)
def lose(): Object()
""",
    "in a library that takes every error for an answer": """
def lose():
    try:
        os.kill(os.getpid(), number)
        time.sleep(1)
    except BaseException:
        pass
""",
    "in a library that is being imported": """
sys.path.insert(0, os.getcwd())
def lose():
    open("library.py", "w").write(f"import os, time; os.kill(os.getpid(), {number}); time.sleep(0.2); done = 1")
    import library
    assert library.done
""",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", DROPPED)
def test_a_signal_that_python_drops_ends_the_process_all_the_same(place, number, tmp_path):
    code = f"""
import os, sys, time
from ablab import cli
number = {int(number)}
sys.argv = ["ablab", "models"]
{DROPPED[place]}
def work(*_, **__):
    lose()
    for _ in range(500): time.sleep(0.1)
cli.command.main = work
cli.main()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=40, cwd=tmp_path)
    assert done.returncode == 128 + number
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr
    assert "To continue, run the same command" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_torch_is_imported_ends_the_process_without_the_rest_of_it(number, tmp_path):
    (tmp_path / "torch.py").write_text(
        f"import os, time; os.kill(os.getpid(), {int(number)}); time.sleep(0); open('rest', 'w')"
    )
    code = """
import sys
from ablab import cli
sys.path.insert(0, "")
sys.argv = ["ablab", "models"]
def work(*_, **__):
    import torch
cli.command.main = work
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 128 + number
    assert "To continue, run the same command" in done.stderr
    assert not (tmp_path / "rest").exists()


@pytest.mark.usefixtures("unmeasured")
def test_ctrl_c_before_ablab_is_imported_ends_the_process_without_a_word(tmp_path):
    (tmp_path / "signal.py").write_text("raise KeyboardInterrupt")  # what a signal does while a module is imported
    code = "import sys, os; sys.path.insert(0, ''); from ablab.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_little_is_imported_before_ctrl_c_is_answered():
    code = "import sys; before = set(sys.modules); import ablab.__main__; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ablab", "ablab.__main__", "ablab.version"]


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_signal_at_any_instant_of_the_start_leaves_no_traceback(tmp_path, number):
    words = ["train", "data=phantom(train=200, test=50)", "epochs=500", "batch=50", "--store", str(tmp_path)]
    for step in (3, 9, 15, 21):
        with subprocess.Popen([*ABLAB, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(step / 10)
            process.send_signal(number)
            try:
                _, said = process.communicate(timeout=30)
            finally:
                process.kill()
        assert (process.returncode, step) in {(128 + number, step), (-number, step)}  # a shell calls both 128 + number
        assert "Traceback" not in said, step
        assert "Exception" not in said, step

"""Several processes carry out one study together: nothing is trained twice, and all come to the same verdict."""

import subprocess
import sys
from pathlib import Path

import pytest

from ablab import sharing
from ablab.conduct import train_one
from ablab.events import Noticed
from ablab.sharing import Shared
from ablab.store import Store
from ablab.store.claims import Claims
from ablab.study import Rule, Study, Variant, plan
from sample_runs import sample_run
from simulated_executor import Simulated, conducted
from test_conduct import BASE, DATA, LABELS, NORM, executor, nothing

SHARE = """
import os, sys
from ablab import sharing
from ablab.sharing import Shared
from ablab.store import Store
from ablab.store.claims import Claims
from simulated_executor import conducted
from test_conduct import LABELS, executor, nothing
from test_sharing import planned_study

class Log(list):
    def append(self, id_):
        with open(sys.argv[2], "a", buffering=1) as file:
            file.write(f"{id_} {os.getpid()}\\n")
        super().append(id_)
        if len(self) == int(sys.argv[3]):
            os.kill(os.getpid(), 9)

sharing.POLL = 0.01
store = Store(sys.argv[1])
with Claims(store) as claims:
    decision = conducted(planned_study(), store, Shared(executor(Log()), store, claims), nothing, LABELS)
print(decision.verdicts[0])
"""


def planned_study():
    return plan(Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(seeds=(3, 8))), "fingerprint")


def start(folder: Path, *, dies_after: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SHARE, str(folder / "store"), str(folder / "log"), str(dies_after)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)


@pytest.mark.slow
def test_processes_that_share_a_study_train_nothing_twice_and_agree(tmp_path):
    started = [start(tmp_path) for _ in range(3)]
    answers = {process.communicate()[0] for process in started}
    trained = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert len(trained) == len(set(trained)) == len(Store(tmp_path / "store").ids()) >= 6
    assert len(answers) == 1
    assert answers != {""}


@pytest.mark.slow
def test_the_runs_of_a_process_that_was_killed_are_taken_over(tmp_path):
    killed = start(tmp_path, dies_after=2)
    killed.communicate()
    whole = start(tmp_path)
    assert whole.communicate()[0]
    trained = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert len(trained) == len(set(trained)) + 1  # the one that was on its way
    assert set(trained) == set(Store(tmp_path / "store").ids())


def test_a_run_that_another_process_trains_is_waited_for_and_judged(tmp_path, monkeypatch):
    planned, store, other = planned_study(), Store(tmp_path), Store(tmp_path)
    theirs = planned.wanted[0]
    claims_of_other = Claims(other)
    claims_of_other.take([theirs.id])

    def finish(_seconds):
        other.add(sample_run(theirs.seed, 0.7, theirs.recipe, plan="another"))

    monkeypatch.setattr(sharing.time, "sleep", finish)
    trained, noticed = [], []

    def observe(_spec, event):
        noticed.extend([event.text] if isinstance(event, Noticed) else [])

    with claims_of_other, Claims(store) as mine:
        decision = conducted(planned, store, Shared(executor(trained), store, mine), observe, LABELS)
    assert not decision.wanted
    assert theirs.id not in trained
    assert len(noticed) == 1
    assert "waits" in noticed[0]
    assert [look.plan for look in store.judged([theirs.id])] == ["another", planned.hash]


def test_every_slot_has_its_claim_and_no_more_are_held_than_there_are_slots(tmp_path):
    store, most = Store(tmp_path), []
    with Claims(store) as mine:

        def train(spec):
            most.append(len(mine.held))
            return sample_run(spec.seed, 0.7 + 0.01 * (spec.seed % 3), spec.recipe)

        execute = Shared(Simulated(train, slots=3), store, mine)
        assert execute.slots == 3
        conducted(planned_study(), store, execute, nothing, LABELS)
        assert max(most) == 3
        assert not mine.held


@pytest.mark.slow
def test_a_single_run_that_another_process_trains_is_waited_for(tmp_path, monkeypatch):
    recipe = BASE.with_(f"data={DATA} epochs=1 batch=50")
    made, is_new = train_one(recipe, 0, Store(tmp_path / "first"), show=nothing)
    assert is_new
    store, other = Store(tmp_path / "second"), Store(tmp_path / "second")
    with Claims(other) as theirs:
        theirs.take([made.id])
        monkeypatch.setattr(sharing.time, "sleep", lambda _seconds: other.add(made))
        assert train_one(recipe, 0, store, show=nothing) == (made, False)

"""A search on real trainings: the same trials again after a kill, and a verdict that rests on none of them."""

import importlib.util

import pytest

import ablab
from ablab.errors import InputError, StudyError
from ablab.searching import run_search, search_in
from ablab.store import Store
from ablab.study.search import SEARCHING

TEXT = """question = "Does batch norm help?"
data = "phantom(train=200, test=50)"
epochs = 1
batch = 50
[variants]
"batch norm" = "norm=batch"
[search]
trials = 3
over = "batch norm"
lr = { low = 0.01, high = 0.5, log = true }
augment = ["none", "flip"]
[decide]
margin = 20
seeds = 3
"""


class Killed(Exception):
    """What a test ends a search with."""


def searched(store, text=TEXT, show=lambda *_: None, workers=1):
    study = ablab.Study.from_toml(text, "mine.toml")
    return run_search(study, search_in(study), store, show=show, workers=workers)


def tried(outcome):
    return [[(each.number, dict(each.settings), each.run.id) for each in side.trials] for side in outcome.sides]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.mark.slow
def test_a_search_that_was_killed_asks_for_the_same_trials_and_trains_none_again(store, tmp_path):
    unbroken = searched(Store(tmp_path / "other"))

    def kill(_name, trial):
        if trial.number == 2:
            raise Killed

    with pytest.raises(Killed):
        searched(store, show=kill)
    again = searched(store)
    assert tried(again) == tried(unbroken)
    assert [trial.is_new for trial in again.sides[0].trials] == [False, False, True]


@pytest.mark.slow
def test_more_trials_extend_a_search_and_the_recipes_own_settings_come_first(store):
    first = searched(store)
    longer = searched(store, TEXT.replace("trials = 3", "trials = 5"))
    assert tried(longer)[0][:3] == tried(first)[0]
    assert sum(trial.is_new for trial in longer.sides[0].trials) == 2
    assert first.sides[0].trials[0].settings == {"lr": 0.05, "augment": "none"}


@pytest.mark.long
def test_trials_that_are_chosen_together_do_not_depend_on_the_number_of_workers(store, tmp_path):
    text = TEXT.replace("trials = 3", "trials = 4\nat_once = 2")
    assert tried(searched(store, text, workers=2)) == tried(searched(Store(tmp_path / "other"), text, workers=1))


@pytest.mark.slow
def test_no_trial_sees_the_test_images_and_no_verdict_rests_on_one(store):
    outcome = searched(store)
    trials = {trial.run.id: trial.run for side in outcome.sides for trial in side.trials}
    assert all(run.spec.explores and run.spec.seed == SEARCHING for run in trials.values())
    assert {run.test.images for run in trials.values()} == {20}  # a tenth of 200 for validation, and not the 50
    result = outcome.winners.run(store=store, workers=1)
    assert {run.spec.seed for run in result.runs} == {0, 1, 2}
    assert trials.keys().isdisjoint(run.id for run in result.runs)
    assert result.verdicts[0].known is None or not result.verdicts[0].known.seen


@pytest.mark.long
def test_a_trial_that_falls_behind_ends_early_and_stays_ended(store):
    text = TEXT.replace("epochs = 1", "epochs = 4").replace("trials = 3", "trials = 8").replace("0.5, log", "90.0, log")
    outcome = searched(store, text.replace("200, test", "400, test"))
    ended = [trial for trial in outcome.sides[0].trials if trial.is_pruned]
    assert ended
    for trial in ended:
        assert len(trial.run.curve) < 4
        assert trial.run.stopped.startswith("validation accuracy stayed below")
        assert trial.value("accuracy") is None


@pytest.mark.slow
def test_a_search_where_every_trial_breaks_down_says_so(store):
    text = TEXT.replace("low = 0.01, high = 0.5", "low = 1e18, high = 1e19")
    with pytest.raises(StudyError, match="none of the 3 trials of batch norm finished training"):
        _ = searched(store, text).text


def test_without_optuna_the_command_to_install_it_is_said(store, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs Optuna: install it with: pip install 'ablab-experiments\[search\]'"):
        searched(store)


def test_a_study_that_searches_nothing_is_told_what_to_add(store):
    study = ablab.Study.from_toml(TEXT.partition("[search]")[0], "mine.toml")
    with pytest.raises(InputError, match=r"add a section \[search\]"):
        search_in(study)


@pytest.mark.slow
def test_a_space_from_python_is_searched_and_its_winners_are_a_study(tmp_path):
    study = ablab.Study("?", "simple-nn data=phantom(train=200,test=50) epochs=1 batch=50", {"norm": "norm=batch"})
    found = ablab.search(study, {"lr": [0.02, 0.2]}, trials=2, over="base", store=tmp_path / "s", workers=1)
    assert found.winners.base.lr in (0.02, 0.2)
    assert found.winners.searched.trials == {"base": 2, "norm": 0}


def test_faults_of_a_space_from_python_are_those_of_a_file(tmp_path):
    study = ablab.Study("?", "simple-nn epochs=1", {"norm": "norm=batch"})
    with pytest.raises(InputError, match="the range is empty"):
        ablab.search(study, {"lr": {"low": 2.0, "high": 1.0}}, store=tmp_path / "s")

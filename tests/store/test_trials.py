"""A store keeps the outcomes of trials and the plans that they were carried out for."""

import pytest

from ablab.errors import StoreError
from ablab.store import Store
from ablab.store.trials import keep, lock, locked, outcomes
from ablab.trial import LockedTrials, Outcome, Trial

TRIAL = Trial("subject", "--lr 0.1", 3)
OUTCOME = Outcome(TRIAL, "finished", 1.5, {"acc": 0.5, "loss": 1.0}, output='{"acc": 0.5}\n', time="2026", plan="p")


def test_an_outcome_comes_back_as_it_went_in_and_stays_as_it_was(tmp_path):
    keep(Store(tmp_path), OUTCOME)
    keep(Store(tmp_path), Outcome(TRIAL, "failed", 0.0, note="second thoughts"))
    assert outcomes(Store(tmp_path), [TRIAL.id, "another"]) == {TRIAL.id: OUTCOME}


def test_trials_differ_in_what_is_called_with_which_arguments_and_seed():
    others = [Trial("other", "--lr 0.1", 3), Trial("subject", "", 3), Trial("subject", "--lr 0.1", 4)]
    others.append(Trial("subject", "--lr 0.1", 3, is_repeat=True))
    assert len({TRIAL.id, *(trial.id for trial in others)}) == 5


def test_a_plan_stays_locked_since_it_first_was(tmp_path):
    first = LockedTrials("plan", "study", "{}", 0, "2026-01-01")
    lock(Store(tmp_path), first)
    lock(Store(tmp_path), LockedTrials("plan", "study", "{}", 0, "2026-01-02"))
    assert locked(Store(tmp_path)) == [first]


def test_a_damaged_outcome_is_an_error_that_names_it(tmp_path):
    store = Store(tmp_path)
    keep(store, OUTCOME)
    with store.writing() as connection:
        connection.execute("UPDATE trials SET record = replace(record, '0.5', '0.6')")
    with pytest.raises(StoreError, match=f"trial {TRIAL.id} is damaged"):
        outcomes(store, [TRIAL.id])

"""Runs for slots that would stand idle: only those that could still count."""

import pytest

from ablab.recipe import Recipe
from ablab.study import Rule, Study, Variant, decide
from ablab.study.ahead import ahead
from ablab.study.plan import plans
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")
STUDY = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(margin=0.5, seeds=(3, 6)))


def seeds_ahead(planned, runs, slots=8):
    """The seeds of each round behind what the decision wants."""
    found = ahead(planned, decide(planned, runs), {run.id: run for run in runs}, slots)
    return [sorted({spec.seed for spec in each}) for each in found[1:]]


def test_idle_slots_get_later_seeds_one_after_the_other_and_a_single_slot_gets_none():
    planned = plans(STUDY, "fingerprint")[0]
    assert seeds_ahead(planned, []) == [[3], [4], [5]]
    assert seeds_ahead(planned, [], slots=1) == []


@pytest.mark.parametrize(("protocol", "rounds"), [(0, [[3], [4], [5]]), (-1, [[3], [4]])])
def test_by_the_first_protocol_no_seed_after_a_run_that_broke_down_is_trained_ahead(protocol, rounds):
    planned = plans(STUDY, "fingerprint")[protocol]
    runs = [sample_run(4, 0.1, NORM, status="diverged", test=None), sample_run(0, 0.3, BASE)]
    assert seeds_ahead(planned, runs) == rounds

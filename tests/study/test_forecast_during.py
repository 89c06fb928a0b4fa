"""What a study is likely to want still."""

import dataclasses

import pytest

from ablab.recipe import Recipe
from ablab.study import Rule, Study, Variant, decide, plan
from ablab.study.forecast import during
from ablab.study.plan import plans
from sample_runs import sample_run

BASE = Recipe()
NORM = BASE.with_("norm=batch")


def projected(gains, seeds=(3, 10), budget=None, margin=0.5):
    rule = Rule(margin=margin, seeds=seeds, budget=budget)
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), rule)
    both = [(0.0, BASE), (1.0, NORM)]
    runs = [sample_run(seed, 0.5 + gain * at, recipe) for seed, gain in enumerate(gains) for at, recipe in both]
    planned = plan(study, "fingerprint")
    return during(planned, decide(planned, runs), runs)


def test_before_any_run_the_first_seeds_are_still_to_come_and_no_time_is_known():
    found = projected([])
    assert (found.decided, found.comparisons, found.seeds, found.runs) == (0, 1, 3, 6)
    assert found.seconds is None


def test_a_large_effect_is_decided_and_wants_nothing():
    found = projected([0.10, 0.101, 0.102])
    assert (found.decided, found.runs, found.seconds) == (1, 0, 0.0)


def test_noise_wants_as_many_pairs_as_would_settle_the_margin_within_the_study():
    found = projected([0.01, -0.01, 0.004, -0.006])
    assert found.decided == 0
    assert 4 < found.seeds <= 10
    assert found.runs == 2 * (found.seeds - 4)
    assert found.seconds == pytest.approx(2.0 * found.runs)  # a sample run takes 2 s


def test_a_budget_of_runs_ends_it_earlier():
    assert projected([0.01, -0.01, 0.004, -0.006], budget="10 runs").runs == 2


def test_a_variant_whose_next_pair_can_never_come_is_not_waited_for():
    study = Study("?", BASE, (Variant("norm", NORM, "norm=batch"),), Rule(margin=0.5, seeds=(3, 10)))
    planned = plans(study, "fingerprint")[-1]  # by the first protocol a run without a measurement ends the pairs
    runs = [
        sample_run(seed, 0.5 + 0.01 * (-1) ** seed * at, recipe)
        for seed in range(4)
        for at, recipe in ((0, BASE), (1, NORM))
    ]
    assert during(planned, decide(planned, runs), runs).runs > 0
    broken = dataclasses.replace(sample_run(4, 0.5, NORM), status="diverged", test=None)
    found = during(planned, decide(planned, [*runs, broken]), [*runs, broken])
    assert ([spec.recipe for spec in found.coming], found.short) == ([BASE], ())  # the other half of the broken pair

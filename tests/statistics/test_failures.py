"""Rates of failing runs: exact intervals, an exact test, and looks that together keep the error."""

import numpy as np
import pytest
from scipy import stats

from ablab.statistics.failures import chance_of_more, rate_interval, reliability


@pytest.mark.parametrize(("failures", "runs"), [(0, 3), (1, 4), (3, 3), (2, 10), (7, 20), (0, 1)])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_the_interval_of_a_rate_is_the_exact_one_of_scipy(failures, runs, alpha):
    theirs = stats.binomtest(failures, runs).proportion_ci(1 - alpha, method="exact")
    assert rate_interval(failures, runs, alpha) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_without_a_run_every_rate_is_possible():
    assert rate_interval(0, 0) == (0.0, 1.0)


def test_the_interval_holds_the_rate_at_least_as_often_as_it_says():
    for rate in (0.01, 0.05, 0.2, 0.5):
        for runs in (3, 5, 10, 20):
            chances = stats.binom.pmf(range(runs + 1), runs, rate)
            held = [low <= rate <= high for low, high in (rate_interval(k, runs) for k in range(runs + 1))]
            assert chances[held].sum() >= 0.95


@pytest.mark.parametrize(
    ("ours", "runs", "theirs", "others"), [(3, 3, 0, 3), (5, 6, 1, 6), (2, 10, 2, 8), (0, 5, 4, 5)]
)
def test_the_chance_of_more_failures_is_that_of_fishers_test(ours, runs, theirs, others):
    table = [[ours, runs - ours], [theirs, others - theirs]]
    assert chance_of_more(ours, runs, theirs, others) == pytest.approx(
        stats.fisher_exact(table, alternative="greater").pvalue, abs=1e-12
    )


def test_three_failures_of_three_cannot_be_told_from_none_of_three_and_ten_of_ten_can():
    def told(failing, seeds):
        return reliability([False] * seeds, [failing] * seeds, least=3, most=10, alpha=0.05)

    assert told(True, 3) == "not told apart"
    assert told(True, 10) == "trains less reliably"
    assert told(False, 10) == "not told apart"


def test_to_swap_base_and_variant_mirrors_the_answer():
    good, bad = [False] * 10, [True] * 10
    assert reliability(bad, good, least=3, most=10, alpha=0.05) == "trains more reliably"
    assert reliability(good, bad, least=3, most=10, alpha=0.05) == "trains less reliably"


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.8])
def test_recipes_that_fail_equally_often_are_told_apart_less_often_than_the_error_that_is_allowed(rate):
    draw = np.random.default_rng(3)
    told = 0
    for _ in range(2000):
        base, variant = draw.random((2, 10)) < rate
        told += reliability(base.tolist(), variant.tolist(), least=3, most=10, alpha=0.05) != "not told apart"
    assert told <= 0.05 * 2000


def test_a_recipe_that_fails_most_of_the_time_is_told_from_one_that_never_does():
    draw = np.random.default_rng(4)
    runs = [(draw.random(20) < 0.8).tolist() for _ in range(200)]
    told = [reliability([False] * 20, bad, least=3, most=20, alpha=0.05) for bad in runs]
    assert told.count("trains less reliably") >= 198

"""Looking after every pair keeps the promised error, for any effect and at whatever look a study stops."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from tools.multipliers import paths

from ablab.statistics.first_rule import first_multipliers, union_bound
from ablab.statistics.sequential import Look, computed, looks, multipliers, open_ended, spent
from one_look import detectable

STUDIES = 20_000
# the least multipliers that hold 5 % for normal differences, by simulation of 600,000 paths (about 1 % accurate)
LEAST = {
    5: {3: 6.45, 4: 4.55, 5: 3.52},
    6: {3: 7.42, 4: 5.12, 5: 3.88, 6: 3.25},
    8: {3: 9.25, 4: 5.99, 5: 4.48, 6: 3.71, 7: 3.25, 8: 2.96},
    10: {3: 10.96, 4: 6.88, 5: 4.98, 6: 4.08, 7: 3.58, 8: 3.24, 9: 2.99, 10: 2.80},
    15: {3: 14.90, 4: 8.61, 5: 6.03, 6: 4.82, 7: 4.15, 8: 3.73, 10: 3.12, 12: 2.83, 15: 2.50},
    20: {3: 18.51, 4: 9.97, 5: 6.75, 6: 5.38, 7: 4.60, 8: 4.12, 10: 3.43, 12: 3.11, 15: 2.75, 20: 2.38},
}


def last_looks(
    effect: float, factors: Mapping[int, float], margin: float, *, seed: int = 1, most: int = 10
) -> list[Look]:
    """The look at which each of many simulated studies stopped; differences are normal with sd 1."""
    draws = np.random.default_rng(seed).normal(effect, 1.0, (STUDIES, most)).tolist()
    return [looks(differences, factors, margin=margin, grid=0.01)[-1] for differences in draws]


@pytest.mark.parametrize("most", LEAST)
def test_the_multipliers_are_those_of_the_published_simulation(most):
    ours, needed = multipliers(3, most, 0.05), LEAST[most]
    assert ours[3] == pytest.approx(needed[3], abs=0.006)
    # that one skipped the looks at 9, 11, 13 and so on, so behind 8 its multipliers may be smaller
    same = {n: c for n, c in needed.items() if n <= 8 or most <= 10}
    assert {n: ours[n] for n in same} == pytest.approx(same, rel=0.03)
    assert all(ours[n] >= 0.99 * c for n, c in needed.items())
    assert list(ours) == list(range(3, most + 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("least", "most", "alpha"),
    [(3, 10, 0.05), (3, 5, 0.05), (5, 10, 0.05), (4, 9, 0.05 / 3), (3, 21, 0.0512), (8, 60, 0.1), (3, 40, 0.01)],
)
def test_in_simulated_paths_exactly_as_much_error_is_made_by_each_look_as_is_allowed(least, most, alpha):
    number = 200_000
    scores = paths(number, most, seed=99, least=least)
    crossed = scores > np.array(list(multipliers(least, most, alpha).values()))[:, None]
    by_look = np.maximum.accumulate(crossed, 0).mean(1)
    allowed = np.array([spent(n, most, alpha) for n in range(least, most + 1)])
    assert (np.abs(by_look - allowed) < 4 * np.sqrt(allowed * (1 - allowed) / number) + 1e-6).all()


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 7, 0.01])
def test_exact_multipliers_are_never_wider_than_the_bound(alpha):
    bound = union_bound(3, 12, alpha)
    assert all(ours <= bound[n] + 1e-4 for n, ours in multipliers(3, 12, alpha).items())
    assert multipliers(3, 12, alpha)[12] < 0.97 * bound[12]


@pytest.mark.parametrize(("least", "most", "alpha"), [(3, 10, 0.05), (3, 30, 0.1 / 7), (5, 17, 0.05 / 10)])
def test_a_row_of_the_table_is_what_would_be_computed(least, most, alpha):
    assert list(multipliers(least, most, alpha).values()) == pytest.approx(computed(least, most, alpha), rel=1e-6)


@pytest.mark.parametrize(("least", "most", "alpha"), [(3, 100, 0.05 / 50), (5, 40, 0.05 / 3), (3, 100, 0.001 / 50)])
def test_multipliers_of_any_study_shrink_from_the_second_look_on_and_end_above_the_plain_t(least, most, alpha):
    row = list(multipliers(least, most, alpha).values())
    assert all(later < earlier for earlier, later in itertools.pairwise(row[1:]))
    assert row[-1] > stats.t.ppf(1 - alpha / 2, most - 1)


@pytest.mark.slow
@pytest.mark.parametrize("least", [3, 5])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_more_seeds_never_cost_power(least, alpha):
    reach = [detectable(most, 1.0, multipliers(least, most, alpha)[most]) for most in range(least, 61)]
    assert all(later < earlier for earlier, later in itertools.pairwise(reach))


def test_the_first_rule_has_its_table_and_bounds_what_that_does_not_have():
    assert first_multipliers(3, 10, 0.05)[10] == 2.8062
    assert first_multipliers(4, 9, 0.05) == union_bound(4, 9, 0.05)
    assert first_multipliers(3, 40, 0.05) == union_bound(3, 40, 0.05)
    assert first_multipliers(3, 10, 0.05) == pytest.approx(multipliers(3, 10, 0.05), rel=0.002)


def test_t_of_the_paths_is_that_of_scipy():
    draws = np.random.Generator(np.random.PCG64([5, 0])).standard_normal((6, 10))
    expected = [np.abs(stats.ttest_1samp(draws[:n], 0.0).statistic) for n in range(3, 7)]
    np.testing.assert_allclose(paths(10, 6, seed=5), expected, rtol=1e-4)


def test_without_a_last_look_false_alarms_stay_below_what_is_allowed_for_ever():
    scores = paths(20_000, 300, seed=3)
    factors = np.array([open_ended(n, 0.05) for n in range(3, 301)])
    assert (scores > factors[:, None]).any(0).mean() < 0.05


@given(least=st.integers(3, 30), alpha=st.floats(0.0005, 0.4))
@example(least=3, alpha=0.05)
def test_one_look_alone_is_the_plain_t_interval(least, alpha):
    assert multipliers(least, least, alpha) == {least: pytest.approx(stats.t.ppf(1 - alpha / 2, least - 1), rel=1e-6)}


@given(least=st.integers(3, 12), more=st.integers(0, 40), alpha=st.floats(0.001, 0.4))
def test_the_errors_of_all_looks_add_up_to_what_is_allowed(least, more, alpha):
    factors = union_bound(least, least + more, alpha)
    assert math.fsum(2 * stats.t.sf(c, n - 1) for n, c in factors.items()) == pytest.approx(alpha, rel=1e-6)
    assert spent(least + more, least + more, alpha) == pytest.approx(alpha)


def test_equal_recipes_are_called_different_in_5_of_100_studies_at_most():
    stopped = last_looks(0.0, multipliers(3, 10, 0.05), margin=0.0)
    wrong = [look for look in stopped if look.interval.low > 0 or look.interval.high < 0]
    assert len(wrong) / STUDIES <= 0.055
    upwards = sum(look.interval.low > 0 for look in wrong) / len(wrong)
    assert 0.4 < upwards < 0.6


def test_a_rule_that_looks_again_with_the_plain_t_interval_is_caught():
    naive = {n: float(stats.t.ppf(0.975, n - 1)) for n in range(3, 11)}
    stopped = last_looks(0.0, naive, margin=0.0)
    assert 0.14 <= sum(look.interval.low > 0 or look.interval.high < 0 for look in stopped) / STUDIES <= 0.18


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "margin"), [(0.0, 0.7), (0.5, 0.7), (1.0, 0.7), (2.0, 2.0), (5.0, 0.5)])
def test_the_interval_at_the_look_that_stops_holds_the_truth_in_95_of_100_studies(effect, margin):
    stopped = last_looks(effect, multipliers(3, 10, 0.05), margin=margin, seed=2)
    assert sum(look.interval.low <= effect <= look.interval.high for look in stopped) / STUDIES >= 0.95


def test_an_effect_of_exactly_the_margin_is_seldom_called_no_difference():
    stopped = last_looks(2.0, multipliers(3, 10, 0.05), margin=2.0, seed=3)
    assert sum(look.interval.low > -2 and look.interval.high < 2 for look in stopped) / STUDIES <= 0.03


def test_five_comparisons_with_one_base_keep_the_error_of_one():
    factors = multipliers(3, 6, 0.05 / 5)
    runs = np.random.default_rng(4).normal(0.0, 1.0, (4000, 6, 6))  # [study, recipe, seed]; recipe 0 is the base
    differences = (runs[:, 1:] - runs[:, :1]).tolist()
    wrong = sum(
        any(look.interval.low > 0 or look.interval.high < 0 for look in (looks(d, factors, margin=0.0, grid=0)[-1],))
        for study in differences
        for d in study
    )
    families = sum(
        any(
            abs(last.interval.mean) > last.interval.half
            for d in study
            for last in looks(d, factors, margin=0, grid=0)[-1:]
        )
        for study in differences
    )
    assert 0 < families <= wrong
    assert families / 4000 <= 0.05


def test_a_large_effect_stops_at_once_and_what_comes_later_is_not_looked_at():
    factors = multipliers(3, 10, 0.05)
    taken = looks([5.0, 5.1, 4.9, -90.0], factors, margin=0.5, grid=0.01)
    assert [look.pairs for look in taken] == [3]
    assert taken[-1].decides(0.5)


def test_before_the_fewest_pairs_nothing_is_looked_at():
    assert looks([5.0, 5.1], multipliers(3, 10, 0.05), margin=0.5, grid=0.01) == ()


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=12))
def test_a_look_never_depends_on_later_pairs(differences):
    factors = multipliers(3, 12, 0.05)
    taken = looks(differences, factors, margin=0.5, grid=0.01)
    for end in range(3, len(differences) + 1):
        assert looks(differences[:end], factors, margin=0.5, grid=0.01) == taken[: end - 2]

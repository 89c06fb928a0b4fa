"""Robust figures of pairs are those of scipy, and see what a mean hides."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ablab.statistics.paired import t_multiplier
from ablab.statistics.robust import hodges_lehmann, robust, sign_flip, skewness, trimmed

VALUES = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=3, max_size=9)


@settings(max_examples=30)
@given(VALUES)
def test_the_sign_flip_test_is_scipys_exact_permutation_test(values):
    exact = stats.permutation_test(
        (np.round(values, 2),), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    # scipy doubles the smaller tail; the distribution of sums is symmetric, so both agree
    assert sign_flip([round(one, 2) for one in values]) == pytest.approx(min(1.0, exact.pvalue), abs=1e-12)


def test_beyond_32_pairs_the_normal_limit_takes_over_without_a_jump():
    values = list(np.random.default_rng(3).normal(0.25, 1, 33))
    assert sign_flip(values) == pytest.approx(sign_flip(values[:32]), abs=0.06)
    draws = np.random.default_rng(4).choice((-1, 1), (200_000, 33)) @ values
    assert sign_flip(values) == pytest.approx(np.mean(abs(draws) >= abs(sum(values))), abs=0.01)


def test_beyond_32_pairs_a_sum_near_0_has_the_p_of_the_normal_limit_and_a_sum_of_0_has_1():
    halves = [1.0] * 17 + [-1.0] * 17
    assert sign_flip(halves) == 1.0
    assert sign_flip([*halves, 0.5]) == pytest.approx(2 * stats.norm.sf(0.5 / math.sqrt(34.25)))


def test_beyond_32_pairs_equal_pairs_are_no_sign_of_an_effect():
    assert sign_flip([0.0] * 32) == sign_flip([0.0] * 33) == 1.0


def test_the_trimmed_mean_and_its_error_are_scipys():
    values = [0.3, 0.9, -0.2, 1.4, 0.6, 0.8, 0.1, 2.9, -3.0, 0.7]
    seen = trimmed(values, t_multiplier(10, 0.05))
    assert seen.mean == pytest.approx(stats.trim_mean(values, 0.2))
    winsorized = np.asarray(stats.mstats.winsorize(np.array(values), (0.2, 0.2)))
    se = math.sqrt(9 * winsorized.var(ddof=1) / (6 * 5))
    assert seen.half == pytest.approx(stats.t.ppf(0.975, 5) * se)


def test_yuens_test_of_scipy_agrees():
    a = np.array([0.3, 0.9, -0.2, 1.4, 0.6, 0.8, 0.1, 2.9, -3.0, 0.7])
    b = np.array([1.3, 0.4, 0.2, 2.4, 1.6, 0.9, 1.1, 1.9, 1.0, 0.5])
    errors = [trimmed(list(one), t_multiplier(10, 0.05)).half / stats.t.ppf(0.975, 5) for one in (a, b)]
    t = (trimmed(list(a), 2.0).mean - trimmed(list(b), 2.0).mean) / math.hypot(*errors)
    assert t == pytest.approx(stats.ttest_ind(a, b, equal_var=False, trim=0.2).statistic)


def test_the_center_is_the_median_of_walsh_averages_and_ignores_one_wild_pair():
    values = [0.4, 0.5, 0.6, 0.5, -40.0]
    assert hodges_lehmann(values) == pytest.approx(0.45)
    assert hodges_lehmann(values) == np.median([(a + b) / 2 for i, a in enumerate(values) for b in values[i:]])


def test_skewness_is_scipys_and_unknown_where_nothing_varies():
    values = [0.1, 0.4, 0.3, 2.0]
    assert skewness(values) == pytest.approx(stats.skew(values))
    assert skewness([1.0, 1.0, 1.0]) is None


def test_too_few_pairs_agree_as_clearly_as_they_can():
    seen = robust([1.0, 1.1, 0.9], t_multiplier(3, 0.01))
    assert (seen.p, seen.least_p, seen.trimmed) == (0.25, 0.25, None)
    assert seen.sees_effect
    assert not robust([1.0, 1.1, -0.1], t_multiplier(3, 0.01)).sees_effect

"""The ratio of two variances of the same runs, against the test that it inverts and against simulated truth."""

import math

import numpy as np
import pytest
from scipy import stats

from ablab.errors import StudyError
from ablab.statistics.ratio import variance_ratio


def samples(count: int, ratio: float, correlation: float, seed: int) -> tuple[list[float], list[float]]:
    draw = np.random.Generator(np.random.PCG64(seed))
    cross = correlation * math.sqrt(ratio)
    a, b = draw.multivariate_normal([0, 0], [[1, cross], [cross, ratio]], count).T
    return a.tolist(), b.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_the_interval_excludes_one_exactly_where_the_test_of_pitman_and_morgan_rejects(seed):
    a, b = samples(20, 0.6, 0.7, seed)
    p = stats.pearsonr(
        np.add(a, b), np.subtract(a, b)
    ).pvalue  # sums and differences of equal variances do not correlate
    at_the_edge = variance_ratio(a, b, alpha=p)
    assert min(abs(at_the_edge.low - 1), abs(at_the_edge.high - 1)) < 1e-9


def test_an_interval_holds_the_true_ratio_as_often_as_it_says():
    held = 0
    for seed in range(2000):
        found = variance_ratio(*samples(15, 0.5, 0.8, seed))
        held += found.low <= 0.5 <= found.high
    assert abs(held / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_agreement_between_the_measurements_narrows_the_interval():
    a, b = samples(60, 0.5, 0.95, 1)
    shuffled = [b[(i + 7) % 60] for i in range(60)]
    close, apart = variance_ratio(a, b), variance_ratio(a, shuffled)
    assert close.value == pytest.approx(apart.value)
    assert close.high / close.low < 0.6 * apart.high / apart.low


def test_swapping_the_measurements_inverts_the_ratio():
    a, b = samples(30, 0.5, 0.5, 2)
    one, other = variance_ratio(a, b), variance_ratio(b, a)
    assert (other.value, other.low, other.high) == pytest.approx((1 / one.value, 1 / one.high, 1 / one.low))


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0, 1.0]])
def test_a_ratio_of_too_few_or_equal_runs_is_refused(values):
    with pytest.raises(StudyError, match="at least 4 runs"):
        variance_ratio(values, values)


def test_four_runs_are_enough_and_measurements_that_agree_exactly_leave_no_doubt():
    found = variance_ratio([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0])
    assert (found.value, found.low, found.high) == (4.0, 4.0, 4.0)

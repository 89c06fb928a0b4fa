"""The numbers agree with scipy and statsmodels, and with what is known of noise."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from ablab.errors import StudyError
from ablab.statistics.paired import (
    chance_better,
    chance_of_gap,
    correct,
    correlation,
    differences,
    image_variance,
    interval,
    mean,
    needed_pairs,
    noise_floor,
    power,
    relative_error_reduction,
    sd,
    t_multiplier,
    widened,
)
from one_look import detectable

accuracies = st.lists(st.tuples(st.floats(1, 99), st.floats(1, 99)), min_size=3, max_size=20)


@pytest.mark.slow
@given(accuracies, st.sampled_from([0.8, 0.95, 0.99]))
def test_an_interval_with_fixed_pairs_is_that_of_a_paired_t_test(pairs, confidence):
    a, b = zip(*pairs, strict=True)
    found = interval(differences(a, b), t_multiplier(len(pairs), 1 - confidence))
    assume(found.sd > 1e-6)
    theirs = stats.ttest_rel(b, a).confidence_interval(confidence)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-10, abs=1e-10)
    assert found.sd == pytest.approx(np.std(np.subtract(b, a), ddof=1), rel=1e-10)


def test_pairs_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match="longer"):
        differences([1.0, 2.0], [1.0, 2.0, 3.0])


def test_equal_differences_on_a_grid_do_not_give_an_interval_without_width():
    assert sd([1.0, 1.0, 1.0], grid=0.01) == pytest.approx(0.01 / math.sqrt(6))
    assert sd([1.0, 2.0, 3.0], grid=0.01) == pytest.approx(1.0)


@pytest.mark.parametrize(("pairs", "unguarded"), [(3, 0.75), (5, 0.9)])
def test_with_the_guard_an_interval_of_whole_epochs_covers_and_without_it_does_not(pairs, unguarded):
    random = np.random.default_rng(5)
    truths = random.uniform(20, 25, (4000, 2, 1))  # epochs to a target: base and variant
    draws = (truths + random.normal(0.0, 0.2, (4000, 2, pairs))).round()
    multiplier = t_multiplier(pairs, 0.05)

    def covered(grid):
        found = (interval((b - a).tolist(), multiplier, grid=grid) for a, b in draws)
        gaps = (truths[:, 1] - truths[:, 0]).squeeze(1)
        return sum(one.low <= gap <= one.high for one, gap in zip(found, gaps, strict=True)) / len(draws)

    assert covered(1.0) >= 0.94
    assert covered(0.0) < unguarded


@pytest.mark.slow
@given(accuracies)
def test_the_correlation_is_pearsons(pairs):
    a, b = zip(*pairs, strict=True)
    assume(np.std(a) > 1e-3 and np.std(b) > 1e-3)
    assert correlation(a, b) == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-9)


def test_no_correlation_is_made_up_from_two_pairs_or_from_equal_runs():
    assert correlation([1.0, 2.0], [2.0, 3.0]) is None
    assert correlation([1.0, 1.0, 1.0], [2.0, 3.0, 4.0]) is None


def test_the_chance_to_be_better_is_that_of_a_normal_difference():
    assert chance_better(0.67, 1.0) == pytest.approx(stats.norm.cdf(0.67))
    assert [chance_better(gap, 0.0) for gap in (-1.0, 0.0, 1.0)] == [0.0, 0.5, 1.0]


def test_an_error_that_is_halved_is_reduced_by_half():
    assert relative_error_reduction([90.0, 80.0], [95.0, 90.0]) == pytest.approx(0.5)
    assert relative_error_reduction([100.0], [99.0]) is None


def test_the_image_term_is_the_two_way_table_worked_out_by_hand():
    random = np.random.default_rng(6)
    a, b = random.random((4, 50)) < 0.7, random.random((4, 50)) < 0.8
    table = b.astype(float) - a
    fitted = table.mean(1, keepdims=True) + table.mean(0) - table.mean()
    residual = ((table - fitted) ** 2).sum() / (3 * 49)
    expected = max(table.mean(0).var(ddof=1) / 50 - residual / 200, 0)
    assert image_variance(a, b) == pytest.approx(1e4 * expected, rel=1e-9)


def simulated(random, seeds, images, unevenness):
    """Correctness of two variants, [n, N] each, whose chances on an image differ more or less."""
    chance = random.beta(2.2, 0.8, images)
    other = np.clip(chance + random.normal(0.0, unevenness, images), 0, 1)
    return random.random((seeds, images)) < chance, random.random((seeds, images)) < other


def test_an_effect_that_is_even_over_images_has_no_image_term_and_an_uneven_one_has():
    random = np.random.default_rng(7)
    even = [image_variance(*simulated(random, 10, 1000, 0.0)) for _ in range(50)]
    uneven = [image_variance(*simulated(random, 10, 1000, 0.5)) for _ in range(50)]
    assert np.median(even) < 0.1 * np.median(uneven)


def test_the_interval_for_other_images_covers_where_the_one_for_seeds_does_not():
    random = np.random.default_rng(8)
    chance = random.beta(2.2, 0.8, 200_000)
    other = np.clip(chance + random.normal(0.0, 0.5, chance.size), 0, 1)
    truth = 100 * (other.mean() - chance.mean())
    wide, narrow, trials, multiplier = 0, 0, 400, t_multiplier(10, 0.05)
    for _ in range(trials):
        rows = random.choice(chance.size, 500)
        a, b = random.random((10, 500)) < chance[rows], random.random((10, 500)) < other[rows]
        seeds = interval((100 * (b.mean(1) - a.mean(1))).tolist(), multiplier, grid=100 / 500)
        low, high = widened(seeds, image_variance(a, b), 0.05)
        wide += low <= truth <= high
        narrow += seeds.low <= truth <= seeds.high
        assert low <= seeds.low
        assert seeds.high <= high
    assert wide / trials >= 0.92
    assert narrow / trials <= 0.90


def test_predictions_of_one_or_two_bytes_are_compared_with_labels():
    assert correct(bytes([0, 1, 2]), [0, 1, 1]).tolist() == [True, True, False]
    wide = np.array([0, 256, 999], dtype="<u2").tobytes()
    assert correct(wide, np.array([0, 256, 1])).tolist() == [True, True, False]
    with pytest.raises(StudyError, match="5 bytes of predictions for 3"):
        correct(bytes(5), [0, 1, 2])


def test_two_seeds_give_the_noise_floor_within_a_few_percent():
    random = np.random.default_rng(9)
    chance = random.beta(2.2, 0.8, 10_000)
    truth = 100 * math.sqrt((chance * (1 - chance)).sum()) / chance.size
    found = [noise_floor(*(random.random((2, chance.size)) < chance)) for _ in range(200)]
    assert sum(abs(floor / truth - 1) < 0.06 for floor in found) >= 190


@pytest.mark.parametrize(("spread", "share"), [(0.3, 0.02), (0.5, 0.16), (1.0, 0.48)])
def test_a_gap_of_a_point_between_two_runs_of_one_recipe_is_as_common_as_noise_makes_it(spread, share):
    assert chance_of_gap(0.99, spread) == pytest.approx(share, abs=0.005)
    runs = np.random.default_rng(10).normal(70, spread, (100_000, 2))
    assert chance_of_gap(0.99, spread) == pytest.approx(np.mean(np.abs(runs[:, 0] - runs[:, 1]) >= 0.99), abs=0.005)


@pytest.mark.parametrize("pairs", [3, 5, 10, 40])
@pytest.mark.parametrize("effect", [0.1, 0.5, 1.0, 2.0])
def test_power_is_that_of_statsmodels(pairs, effect):
    ours = power(pairs, effect * 0.7, 0.7, t_multiplier(pairs, 0.05))
    assert ours == pytest.approx(TTestPower().power(effect, pairs, 0.05), abs=1e-6)


@pytest.mark.parametrize("effect", [0.2, 0.3, 0.5, 0.8, 1.0, 1.5])
def test_needed_pairs_are_those_of_statsmodels(effect):
    theirs = TTestPower().solve_power(effect_size=effect, power=0.8, alpha=0.05)
    assert needed_pairs(effect, 1.0, 0.05) == math.ceil(theirs)


def test_more_pairs_than_anyone_has_are_not_promised():
    assert needed_pairs(0.001, 1.0, 0.05) is None
    assert needed_pairs(0.5, 0.0, 0.05) == 2


@pytest.mark.parametrize(("pairs", "effect"), [(3, 3.26), (4, 2.13), (5, 1.68), (8, 1.16), (10, 1.0), (20, 0.66)])
def test_the_detectable_effect_is_the_known_one(pairs, effect):
    assert detectable(pairs, 1.0, t_multiplier(pairs, 0.05)) == pytest.approx(effect, abs=0.005)


def test_a_detectable_effect_is_found_four_times_in_five_even_where_the_multiplier_is_huge():
    effect = detectable(3, 2.0, 100.0)
    draws = np.random.default_rng(11).normal(effect, 2.0, (20_000, 3))
    found = np.abs(draws.mean(1)) > 100.0 * draws.std(1, ddof=1) / math.sqrt(3)
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_a_mean_is_exact():
    assert mean([0.1] * 10) == 0.1


@pytest.mark.parametrize("shift", [0.3, 2.0, 3.266, 6.0])
@pytest.mark.parametrize("pairs", [2, 6, 11, 400])
def test_power_is_that_of_simulated_studies_where_the_library_has_no_answer(pairs, shift):
    """scipy's noncentral t gives nan for some of these."""
    draw = np.random.default_rng(7)
    seen = np.sqrt(draw.chisquare(pairs - 1, 200_000) / (pairs - 1))
    share = np.mean(np.abs(draw.standard_normal(200_000) + shift) > 3.0 * seen)
    assert power(pairs, shift / math.sqrt(pairs), 1.0, 3.0) == pytest.approx(share, abs=0.005)

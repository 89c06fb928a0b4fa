"""One effect from several cells: against statsmodels, scipy, and simulated cells."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from ablab.statistics.pooling import interquartile_mean, random_effects


@pytest.mark.parametrize("effects", [(1.0, 2.0, 3.5), (0.4, 0.5), (0.2, -0.4, 1.9, 0.7, 0.3, 2.2)])
def test_the_random_effects_mean_and_its_interval_are_those_of_statsmodels(effects):
    errors = np.linspace(0.1, 0.5, len(effects))
    found = random_effects(effects, list(errors), 0.05)
    theirs = combine_effects(np.array(effects), errors**2, method_re="iterated", use_t=True, atol=1e-12, maxiter=500)
    assert found.mean == pytest.approx(theirs.mean_effect_re, rel=1e-6)
    assert found.between**2 == pytest.approx(theirs.tau2, rel=1e-5, abs=1e-9)
    half = stats.t.ppf(0.975, len(effects) - 1) * theirs.sd_eff_w_re_hksj
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-5)


def test_the_interval_holds_for_cells_that_differ():
    draw, held, studies = np.random.default_rng(4), 0, 2000
    for _ in range(studies):
        errors = draw.uniform(0.2, 0.4, 4)
        found = random_effects(list(draw.normal(0.5, 0.6, 4) + draw.normal(0, errors)), list(errors), 0.05)
        held += found.low <= 0.5 <= found.high
    assert 0.93 <= held / studies <= 0.975


def test_cells_that_agree_have_no_spread_between_them():
    assert random_effects([1.0, 1.01, 0.99], [0.3, 0.3, 0.3], 0.05).between == 0.0


def test_the_interquartile_mean_is_the_trimmed_mean_of_all_pairs_from_five_cells_on():
    draw = np.random.default_rng(5)
    cells = [list(draw.normal(at, 1, 6)) for at in range(5)]
    center, low, high = interquartile_mean(cells, 0.05)
    assert center == pytest.approx(stats.trim_mean(np.concatenate(cells), 0.25))
    assert low < center < high
    assert interquartile_mean(cells, 0.05) == (center, low, high)
    assert interquartile_mean(cells[:4], 0.05) is None


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([[1, 2], [2, 2], [1, 1], [2, 1]], 1.5),
        ([[1, 1], [2, 2], [3, 3]], 2),
        (np.arange(80).reshape(5, 16), 39.5),
    ],
)
def test_the_interquartile_mean_is_that_of_rliables_own_examples(scores, expected):
    """Score matrices of rliable's own tests (Agarwal et al. 2021), which pools runs and tasks before it trims."""
    cells = [[score] for score in np.ravel(scores).tolist()]
    assert interquartile_mean(cells, 0.05) == pytest.approx((expected,) * 3)  # one score a cell leaves nothing to draw


def test_the_interval_of_the_interquartile_mean_is_that_of_scipys_bootstrap_of_several_samples():
    """Each task is resampled by itself, as rliable does with runs within tasks, and the ends are percentiles."""
    draw = np.random.default_rng(6)
    cells = [list(draw.exponential(at + 1, 5 + at)) for at in range(6)]

    def middle(*samples, axis):
        return stats.trim_mean(np.concatenate(samples, axis=axis), 0.25, axis=axis)

    theirs = stats.bootstrap(
        cells, middle, method="percentile", confidence_level=0.9, n_resamples=20_000, vectorized=True, random_state=1
    ).confidence_interval
    _, low, high = interquartile_mean(cells, 0.1)
    assert (low, high) == pytest.approx(tuple(theirs), abs=0.04 * (theirs.high - theirs.low))

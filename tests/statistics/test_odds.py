"""Probabilities of the practical region, against the t posterior and against a grid."""

import numpy as np
import pytest
from scipy import stats

from ablab.statistics.odds import odds

GAPS = [0.8, 0.1, 1.2, 0.4, 0.9, -0.2]


def test_without_a_prior_it_is_the_correlated_t_test_at_correlation_zero():
    """Benavoli et al. 2017, equation 7: a t posterior around the mean, with the variance of the mean as its scale."""
    found = odds(GAPS, 0.5, prior_pairs=0.0)
    posterior = stats.t(5, np.mean(GAPS), np.std(GAPS, ddof=1) / np.sqrt(6))
    assert found.below == pytest.approx(posterior.cdf(-0.5))
    assert found.within == pytest.approx(posterior.cdf(0.5) - posterior.cdf(-0.5))
    assert found.above == pytest.approx(posterior.sf(0.5))


@pytest.mark.parametrize(
    ("gaps", "region", "expected"),
    [
        (GAPS, 0.5, (0.0024529753662710465, 0.4391118043479255, 0.5584352202858034)),
        # the scores 4, 2, 6 and 5, 7, 3 of baycomp's own example
        ([1, 5, -3], 6, (0.046891555397791766, 0.871717623741669, 0.08139082086053928)),
        ([1, 5, -3], 1, (0.23888351606645322, 0.2611164839335468, 0.5)),
    ],
)
def test_without_a_prior_it_is_the_posterior_of_baycomp(gaps, region, expected):
    """Figures of baycomp 1.0.3 (Benavoli et al. 2017), of its Posterior with the variance of independent pairs."""
    found = odds(gaps, region, prior_pairs=0.0)
    assert (found.below, found.within, found.above) == pytest.approx(expected, rel=1e-9)


def test_the_posterior_under_the_prior_is_that_of_a_grid():
    margin = 0.5
    means, sds = np.meshgrid(np.linspace(-6, 6, 1501), np.geomspace(0.05, 20, 1200))
    prior = stats.norm.pdf(means, 0, sds)  # worth one pair
    # scaled inverse chi-squared with one degree of freedom around the margin, as a density of log sd
    prior *= sds**-2.0 * np.exp(-(margin**2) / (2 * sds**2)) * sds
    likelihood = np.prod([stats.norm.pdf(gap, means, sds) for gap in GAPS], axis=0)
    mass = prior * likelihood
    found = odds(GAPS, margin)
    assert found.above == pytest.approx(mass[means > margin].sum() / mass.sum(), abs=0.004)
    assert found.below == pytest.approx(mass[means < -margin].sum() / mass.sum(), abs=0.004)


def test_the_prior_pulls_towards_no_difference_and_fades():
    few, many = ([1.0, 0.6, 1.4], [1.0, 0.6, 1.4] * 20)
    for gaps, gap in ((few, 0.03), (many, 0.0)):
        assert odds(gaps, 0.5, prior_pairs=0.0).above - odds(gaps, 0.5).above >= gap
    assert odds(many, 0.5).above == pytest.approx(odds(many, 0.5, prior_pairs=0.0).above, abs=0.01)


def test_equal_pairs_and_no_prior_say_nothing():
    assert odds([1.0, 1.0, 1.0], 0.5, prior_pairs=0.0) is None

"""The recursion over the law of t values is exact: each step is what a known distribution says."""

import numpy as np
import pytest
from scipy import stats

from ablab.statistics import recursion
from ablab.statistics.recursion import exact_multipliers
from ablab.statistics.sequential import spent


def spends(least, most, alpha):
    return [spent(n, most, alpha) for n in range(least, most + 1)]


def test_the_chain_is_student_s_t_while_no_path_has_crossed():
    """With next to nothing spent, the law of U_n after many steps is that of t at each n."""
    law = recursion._first(3, stats.t.isf(0.5e-9, 2), 1e-9)
    for at in range(1, 8):
        law = recursion._next(law, at * 1e-9, (at + 1) * 1e-9)
        places = np.linspace(0, 0.9 * law.bound, 7)
        t = places * np.sqrt(law.pairs - 1) / np.sqrt(law.pairs - places**2)
        np.testing.assert_allclose(law.half(places), stats.t.cdf(t, law.pairs - 1) - 0.5, atol=2e-7)


def test_two_looks_agree_with_an_integral_over_the_plane():
    """P(|t_3| > c_3 or |t_4| > c_4), by brute force over the angles of the sphere in four dimensions."""
    first, second = exact_multipliers(3, 4, [0.02, 0.05])
    middles = (np.arange(2000) + 0.5) / 2000
    sine = 2 * middles - 1  # of U_3 / sqrt(3): uniform in three dimensions
    turn = np.pi * (middles - 0.5)  # density 2 cos^2 / pi
    u = np.sqrt(3) * sine[:, None] * np.cos(turn) + np.sin(turn)
    crossed = np.abs(np.sqrt(3) * u / np.sqrt(4 - u**2)) > second
    crossed |= (np.abs(np.sqrt(2) * sine / np.sqrt(1 - sine**2)) > first)[:, None]
    weights = np.cos(turn) ** 2
    assert (crossed * weights).sum() / (weights.sum() * len(sine)) == pytest.approx(0.05, abs=3e-4)


@pytest.mark.parametrize(("least", "most", "alpha"), [(3, 20, 0.05), (3, 60, 0.0002), (40, 80, 0.3)])
def test_a_finer_series_gives_the_same_multipliers(monkeypatch, least, most, alpha):
    usual = exact_multipliers(least, most, spends(least, most, alpha))
    monkeypatch.setattr(recursion, "_nodes", recursion._nodes.__wrapped__)
    monkeypatch.setattr(recursion, "TERMS", 44)
    monkeypatch.setattr(recursion, "POINTS", 40)
    assert exact_multipliers(least, most, spends(least, most, alpha)) == pytest.approx(usual, rel=1e-6)

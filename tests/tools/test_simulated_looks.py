"""Studies that are judged many at a time end as they do one by one."""

import numpy as np
import pytest

from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design
from simulated_looks import DATA, equals, family, judged


@pytest.mark.parametrize(("truths", "margin"), [([0.3], 0.5), ([2.0, 0.0, 0.4], 0.5), ([3, -3, 0.7, 0, 0], 0.9)])
def test_every_comparison_ends_as_in_the_code_that_judges_real_studies(truths, margin):
    design = Design(3, 10, 0.05, len(truths), margin)
    differences = family(np.array(truths, float), 0.6, np.random.default_rng(1), 150, 10)
    ends = judged(differences, design, 0.01)
    for at, study in enumerate(differences.tolist()):
        for which, looks in enumerate(recycled_looks(study, [0.01] * len(truths), design)):
            last, here = looks[-1], (at, which)
            assert ends.pairs[here] == last.pairs
            assert (ends.is_small[here], ends.is_effect[here]) == (last.is_small(margin), last.excludes_zero)
            known = (last.interval.low, last.interval.high, last.equality.interval.low, last.equality.interval.high)
            mine = (ends.low[here], ends.high[here], ends.small_low[here], ends.small_high[here])
            assert mine == pytest.approx(known, abs=1e-9)


@pytest.mark.parametrize("name", DATA)
def test_equals_have_a_mean_effect_of_zero(name):
    differences, grid = equals(name, np.random.default_rng(2), 4000, 10)
    assert differences.shape == (4000, 1, 10)
    assert abs(differences.mean()) < 5 * differences.std() / 200
    assert np.allclose(differences / grid, np.round(differences / grid), atol=1e-6)

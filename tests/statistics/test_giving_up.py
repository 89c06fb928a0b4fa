"""The price of giving up, against studies that the rule itself judges and foresees."""

import numpy as np
import pytest

from ablab.statistics.giving_up import price
from ablab.statistics.reach import ENOUGH, HOPELESS, ahead
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import Design, multipliers

MARGIN, STUDIES = 0.7, 400


def judged(effect, most):
    """Pairs and the share that is decided, going on and giving up, one study after the other."""
    factors = multipliers(3, most, 0.05), multipliers(3, most, 0.1)
    ends = []
    for path in np.random.default_rng(8).normal(effect, 1.0, (STUDIES, most)).tolist():
        looks = recycled_looks([path], [1e-6], Design(3, most, 0.05, 1, MARGIN))[0]
        hopeless = (
            look.pairs
            for look in looks
            if ENOUGH <= look.pairs < most and not look.decides(MARGIN)
            if ahead(path[: look.pairs], look, MARGIN, factors).last < HOPELESS
        )
        stop = next(hopeless, None)
        is_decided = looks[-1].decides(MARGIN)
        ends.append((looks[-1].pairs, stop or looks[-1].pairs, is_decided, is_decided and stop is None))
    return np.mean(ends, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "most"), [(0.0, 10), (MARGIN, 10), pytest.param(0.0, 16, marks=pytest.mark.long)])
def test_the_price_is_what_studies_pay_that_are_judged_one_by_one(effect, most):
    found, pairs = price(3, most, 0.05, MARGIN, effect), judged(effect, most)
    assert found.pairs == pytest.approx(pairs[:2], abs=0.6)
    assert found.decided == pytest.approx(pairs[2:], abs=0.09)
    assert np.subtract(*found.decided) == pytest.approx(pairs[2] - pairs[3], abs=0.03)


def test_giving_up_saves_pairs_and_decides_no_more():
    found = price(3, 10, 0.05, 0.35, 0.0)
    assert found.pairs[1] < 0.8 * found.pairs[0]
    assert found.decided[1] <= found.decided[0]


def test_a_study_that_ends_before_it_may_give_up_pays_nothing():
    found = price(3, 5, 0.05, MARGIN, 0.0)
    assert (found.pairs[0], found.decided[0]) == (found.pairs[1], found.decided[1])

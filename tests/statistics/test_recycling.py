"""Error that a found effect no longer needs goes to the others, and no more of it is spent than was allowed."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablab.statistics.first_rule import first_looks
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.sequential import FOREVER, Design, multipliers, open_ended

SD = 0.71  # of a difference, in points: a small network


def studies(truths, *, many, seed, sd=SD, most=10):
    """Differences of many studies whose variants share a base: [study, variant, pair]."""
    runs = np.random.default_rng(seed).normal(0.0, sd / math.sqrt(2), (many, len(truths) + 1, most))
    return (np.array(truths)[:, None] + runs[:, 1:] - runs[:, :1]).tolist()


def ends(truths, rule=recycled_looks, *, many=1500, seed=1, sd=SD, most=10, margin=0.5):
    """The last look at every variant of every study."""
    design = Design(3, most, 0.05, len(truths), margin)
    return [
        [looks[-1] for looks in rule(study, [0.01] * len(truths), design)]
        for study in studies(truths, many=many, seed=seed, sd=sd, most=most)
    ]


def share(found, holds):
    return sum(map(holds, found)) / len(found)


def test_a_variant_alone_has_the_multipliers_of_the_table():
    ((path,),) = studies([0.1], many=1, seed=0)
    (looks,) = recycled_looks([path], [0.01], Design(3, 10, 0.05, 1, 0.1))
    assert {look.pairs: look.multiplier for look in looks} == dict(multipliers(3, 10, 0.05))
    assert {look.pairs: look.equality.multiplier for look in looks} == dict(multipliers(3, 10, 0.1))


def test_what_a_found_effect_no_longer_needs_goes_to_the_others_from_its_look_on():
    large, small = [5.0, 5.1, 4.9, 5.0, 5.1, 5.0], [0.5, -0.4, 0.6, 0.4, -0.2, 0.9]
    looks = recycled_looks([small, large], [0.01, 0.01], Design(3, 6, 0.05, 2, 0.1))[0]
    assert [look.alpha for look in looks] == [0.05] * 4
    late = [0.2, 5.1, 4.9, 5.0, 5.1, 5.0]  # its first pair makes it wait
    first, other = recycled_looks([small, late], [0.01, 0.01], Design(3, 6, 0.05, 2, 0.1))
    found = len(other)
    assert found > 1
    assert [look.alpha for look in first] == [0.025] * (found - 1) + [0.05] * (5 - found)


def test_a_variant_that_ends_as_equal_passes_nothing_on_to_tests_of_zero():
    equal, other = [0.01, -0.01, 0.0, 0.01, 0.0], [0.5, -0.4, 0.6, 0.4, -0.2]
    first, looks = recycled_looks([equal, other], [0.01, 0.01], Design(3, 5, 0.05, 2, 0.5))
    assert first[-1].is_small(0.5)
    assert not first[-1].excludes_zero
    assert {look.alpha for look in looks} == {0.025}
    assert looks[-1].equality.alpha == pytest.approx(0.1)


@given(st.lists(st.lists(st.floats(-1, 2), min_size=8, max_size=8), min_size=3, max_size=3))
def test_every_effect_that_is_claimed_is_a_rejection_by_closed_testing(paths):
    """Each set of effects that may all be 0 is tested with the error shared among its members; all must be rejected."""
    design = Design(3, 8, 0.05, 3, 1e-9)
    taken = recycled_looks(paths, [0.01] * 3, design)
    for size in (1, 2, 3):
        factors = multipliers(3, 8, 0.05 / size)
        for members in itertools.combinations(range(3), size):
            claimed = [taken[at][-1].pairs for at in members if taken[at][-1].excludes_zero]
            if not claimed:
                continue
            crossed = [
                pairs
                for at in members
                for pairs in range(3, 9)
                for values in [np.array(paths[at][:pairs])]
                for spread in [max(values.std(ddof=1), 0.01 / math.sqrt(6))]
                if abs(values.mean()) > factors[pairs] * spread / math.sqrt(pairs) * (1 - 1e-9)
            ]
            assert crossed
            assert min(crossed) <= min(claimed)


@given(st.lists(st.lists(st.floats(-1, 2), min_size=3, max_size=8), min_size=2, max_size=4), st.randoms())
def test_the_order_of_variants_changes_nothing_and_more_runs_take_no_verdict_back(paths, order):
    design = Design(3, 8, 0.05, 4, 0.5)
    taken = recycled_looks(paths, [0.01] * len(paths), design)
    mixed = list(range(len(paths)))
    order.shuffle(mixed)
    assert recycled_looks([paths[at] for at in mixed], [0.01] * len(paths), design) == tuple(taken[at] for at in mixed)
    fewer = recycled_looks([path[:-1] for path in paths], [0.01] * len(paths), design)
    for before, after in zip(fewer, taken, strict=True):
        if before and before[-1].decides(0.5):
            assert after[-1].decides(0.5)
            assert after[-1].pairs <= before[-1].pairs


def test_intervals_of_later_looks_lie_within_those_of_earlier_ones():
    for study in studies([0.3, 1.0], many=40, seed=3):
        for looks in recycled_looks(study, [0.01, 0.01], Design(3, 10, 0.05, 2, 0.1)):
            for before, after in itertools.pairwise(looks):
                assert before.interval.low <= after.interval.low <= after.interval.high <= before.interval.high


TRUTHS = ([0, 0], [0, 0, 0, 0, 0], [3, 0, 0], [3, -3, 2, 0, 0], [0.7, 0, 0], [0.5, 0.5, 0.5], [3, 0.5, 0])


@pytest.mark.slow
@pytest.mark.parametrize("truths", TRUTHS, ids=str)
def test_in_5_of_100_studies_at_most_a_variant_without_an_effect_is_said_to_have_one(truths):
    found = ends(truths, seed=5)
    wrong = share(
        found, lambda last: any(one.excludes_zero for one, truth in zip(last, truths, strict=True) if not truth)
    )
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(found))


@pytest.mark.slow
@pytest.mark.parametrize(("truths", "sd", "most"), [([0.5], 0.28, 10), ([0.5], 0.71, 20), ([0.5] * 3, 0.4, 12)])
def test_in_5_of_100_studies_at_most_an_effect_of_the_margin_is_called_no_practical_difference(truths, sd, most):
    found = ends(truths, seed=6, sd=sd, most=most)
    wrong = share(found, lambda last: any(one.is_small(0.5) for one in last))
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / len(found))


@pytest.mark.slow
@pytest.mark.parametrize(("truths", "before", "now"), [([3, 3, 0.7], 0.44, 0.66), ([3, -3, 2, 0.7, 0.7], 0.35, 0.57)])
def test_small_effects_beside_large_ones_are_found_more_often_than_without_recycling(truths, before, now):
    def small_found(rule):
        found = ends(truths, rule, seed=8)
        return share(
            [one for last in found for one, truth in zip(last, truths, strict=True) if truth == 0.7],
            lambda look: look.interval.low > 0,
        )

    assert small_found(first_looks) == pytest.approx(before, abs=0.05)
    assert small_found(recycled_looks) >= now


def test_equals_are_shown_equal_more_often_than_at_the_level_of_the_verdicts():
    equal = [
        share(ends([0.0], rule, many=800, most=20), lambda last: last[0].is_small(0.5))
        for rule in (first_looks, recycled_looks)
    ]
    assert equal[0] < 0.56 < 0.66 < equal[1]


def test_of_two_looks_that_exclude_each_other_the_later_one_stands():
    """Such data are not normal differences; the interval must not be turned inside out."""
    path = [0.0, 0.1, -0.1, *[4.0] * 40]
    (looks,) = recycled_looks([path], [0.01], Design(3, 43, 0.05, 1, 1e-9))
    assert all(look.interval.low <= look.interval.high for look in looks)


def test_without_a_last_look_the_first_look_is_the_one_that_can_exclude_something():
    design = Design(3, FOREVER, 0.05, 2, 0.5)
    clear, noise = [5.0, 5.1, 4.9, 5.0, 5.1, 5.0], [1.0, -1.1, 0.9, -1.0, 0.2, 0.1]
    found, other = recycled_looks([clear, noise], [0.01, 0.01], design)
    assert [look.pairs for look in found] == [5]  # with half of the error
    assert [look.pairs for look in other] == [5, 6]
    assert other[-1].multiplier == open_ended(6, 0.05)  # with all of it


@pytest.mark.slow
def test_a_study_that_is_extended_for_ever_calls_equals_different_in_5_of_100_cases_at_most():
    """Where a study of up to 10 seeds is extended to 20, to 30 and so on, it does so in more."""
    ends = 0
    for path in studies([0.0], many=300, seed=9, most=120):
        ends += recycled_looks(path, [1e-6], Design(3, FOREVER, 0.05, 1, 1e-9))[0][-1].excludes_zero
    assert ends / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)

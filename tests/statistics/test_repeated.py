"""Pooled answers keep the error that they share, however the wish to replicate depends on the first answer."""

import math

import numpy as np
import pytest

from ablab.statistics.paired import interval, t_multiplier
from ablab.statistics.recycling import recycled_looks
from ablab.statistics.repeated import pooled_design, pooled_look
from ablab.statistics.sequential import FOREVER, Design, multipliers, open_ended

MARGIN, GRID = 0.5, 0.001
DESIGN = Design(3, 8, 0.05, 2, MARGIN)  # of one variant: a first answer and a pooled one


def answer(generator, truth, design=DESIGN, sd=0.7):
    """The last look of one asking, and the pairs up to it."""
    path = generator.normal(truth, sd, design.most).tolist()
    look = recycled_looks([path], [GRID], design)[0][-1]
    return look, path[: look.pairs]


def asked_again(truth, *, wish, many, seed, sd=0.7):
    """For each study its first look, its pooled look (None where nobody wished to replicate), and the pooled pairs."""
    generator = np.random.default_rng(seed)
    for _ in range(many):
        first, pairs = answer(generator, truth, sd=sd)
        if not wish(first):
            yield first, None, pairs
            continue
        pairs = pairs + answer(generator, truth, sd=sd)[1]
        yield first, pooled_look(pairs, GRID, pooled_design(DESIGN, 1)), pairs


def is_open(look):
    return not look.excludes_zero


def test_the_pooled_looks_begin_with_two_answers_and_end_with_all():
    assert pooled_design(DESIGN, 2) == Design(6, 24, 0.05, 2, MARGIN)
    assert pooled_design(Design(3, FOREVER, 0.05, 1, MARGIN), 1).most == FOREVER


def test_with_a_fixed_number_of_pairs_the_pooled_interval_is_the_t_interval_at_half_the_error():
    design = pooled_design(Design(5, 5, 0.05, 2, MARGIN), 1)
    pairs = [0.3, 0.9, 0.1, 0.4, 0.8, 0.2, 0.6, 0.5, 0.7, 0.0]
    look = pooled_look(pairs, GRID, design)
    plain = interval(pairs, t_multiplier(10, 0.025), grid=GRID)
    assert look.interval.low == pytest.approx(plain.low, abs=1e-4)
    assert look.interval.high == pytest.approx(plain.high, abs=1e-4)
    assert look.equality.multiplier == pytest.approx(t_multiplier(10, 0.05), rel=1e-3)


def test_too_few_pairs_give_no_pooled_interval():
    assert pooled_look([1.0] * 5, GRID, pooled_design(DESIGN, 1)) is None
    assert pooled_look([1.0, 2.0, 3.0] * 2, GRID, pooled_design(DESIGN, 1)).pairs == 6


def test_a_study_without_a_last_look_pools_by_the_multiplier_that_holds_for_ever():
    look = pooled_look([1.0, 2.0, 3.0] * 4, GRID, pooled_design(Design(3, FOREVER, 0.05, 2, MARGIN), 3))
    assert look.multiplier == open_ended(12, 0.025)


@pytest.mark.slow
@pytest.mark.parametrize("wish", [lambda look: True, is_open], ids=["always", "where nothing was found"])
def test_of_equals_the_first_answer_or_the_pooled_one_calls_few_different_whatever_decides_to_replicate(wish):
    seen = list(asked_again(0.0, wish=wish, many=4000, seed=5))
    false = sum(first.excludes_zero or bool(both and both.excludes_zero) for first, both, _ in seen)
    assert false / len(seen) <= 0.057  # 5 %, and two standard errors of 4,000 studies


@pytest.mark.slow
def test_plain_pooling_where_nothing_was_found_calls_too_many_equals_different():
    """What the rule is for: the same studies, each answer at 5 % and their pairs in a plain 95 % interval."""
    alone = Design(3, 8, 0.05, 1, MARGIN)
    generator, false, many = np.random.default_rng(6), 0, 4000
    for _ in range(many):
        first, pairs = answer(generator, 0.0, alone)
        if is_open(first):
            pairs = pairs + answer(generator, 0.0, alone)[1]
            seen = interval(pairs, t_multiplier(len(pairs), 0.05), grid=GRID)
            false += seen.low > 0 or seen.high < 0
        false += first.excludes_zero
    assert false / many > 0.065


@pytest.mark.slow
def test_an_effect_as_large_as_the_margin_is_seldom_called_equal_by_either_answer():
    seen = list(asked_again(MARGIN, wish=lambda look: not look.is_small(MARGIN), many=4000, seed=7, sd=0.3))
    false = sum(first.is_small(MARGIN) or bool(both and both.is_small(MARGIN)) for first, both, _ in seen)
    assert false / len(seen) <= 0.057


@pytest.mark.slow
def test_pooling_finds_effects_that_the_first_answer_leaves_open():
    seen = list(asked_again(0.6, wish=is_open, many=1500, seed=8))
    first = sum(look.excludes_zero for look, _, _ in seen) / len(seen)
    either = sum(look.excludes_zero or bool(both and both.excludes_zero) for look, both, _ in seen) / len(seen)
    assert either > first + 0.15


def test_the_multiplier_of_a_pooled_look_is_that_of_its_own_schedule():
    look = pooled_look([0.1, 0.5, 0.9] * 3, GRID, pooled_design(DESIGN, 1))
    assert look.multiplier == multipliers(6, 16, 0.025)[9]
    assert math.isclose(look.alpha, 0.025)

"""Spreads of few runs are told apart from their own chance."""

import random
import statistics

import pytest

from noise_of_runs import Seen, spread, spreads


def seen(sd, freedom, draw):
    return Seen(80_000, 10.0, statistics.stdev(draw.gauss(0, sd) for _ in range(freedom + 1)), freedom)


def test_equal_spreads_look_equal_though_three_runs_scatter_them():
    draw = random.Random(1)
    found = spread(0, 5, [seen(0.8, 2, draw) for _ in range(4000)])
    assert found.middle == pytest.approx(0.8, rel=0.05)
    assert (found.low, found.high) == (pytest.approx(0.8, rel=0.3), pytest.approx(0.8, rel=0.3))


def test_spreads_that_differ_are_found_with_their_quantiles():
    draw = random.Random(2)
    true = [0.6 * 2.718281828 ** draw.gauss(0, 0.5) for _ in range(6000)]
    found = spread(0, 5, [seen(sd, 4, draw) for sd in true])
    low, *_, high = statistics.quantiles(true, n=10)
    assert (found.low, found.high) == (pytest.approx(low, rel=0.08), pytest.approx(high, rel=0.08))


def test_a_group_that_is_too_small_takes_the_networks_of_every_size():
    draw = random.Random(3)
    rows = spreads([seen(1.0, 4, draw) for _ in range(30)] + [Seen(500_000, 10.0, 1.0, 4)] + few(draw))
    longest = [row for row in rows if row.passes == 5]
    assert [row.recipes for row in longest] == [30, 31]


def few(draw):
    """Enough short trainings for every group to have something to fall back on."""
    return [Seen(80_000, passes, 1.0 + draw.random(), 2) for passes in (1.0, 3.0) for _ in range(9)]

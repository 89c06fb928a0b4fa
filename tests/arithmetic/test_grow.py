"""Growth and fitting: exponents of known laws, and the nearest size that there is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ablab.arithmetic.grow import exponent, fit, fit_factor, fit_whole, grow, interleaved, scaled, size, sizing
from ablab.errors import ModelError


def stack(width: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.Flatten())


def test_a_network_is_counted_at_every_value():
    points = grow(stack, [4, 8], (3, 8, 8), measure=False)
    assert [point.parameters for point in points] == [28 * 4 + 37 * 4, 28 * 8 + 73 * 8]
    assert [point.macs for point in points] == [27 * 4 * 36 + 36 * 4 * 16, 27 * 8 * 36 + 72 * 8 * 16]
    assert [point.weighted_layers for point in points] == [2, 2]
    assert [point.seconds for point in points] == [None, None]


def test_a_step_is_timed_where_that_is_asked_for():
    assert all(point.seconds > 0 for point in grow(stack, [4, 8], (3, 8, 8), measure=True))


def test_steps_take_turns():
    turns = []
    interleaved([lambda: turns.append("a"), lambda: turns.append("b")])
    assert turns == ["a", "b"] * (len(turns) // 2)
    turns.clear()
    interleaved([lambda: turns.append("a")], 5)
    assert len(turns) == 6  # the first warms up


@pytest.mark.parametrize("power", [-1.0, 0.5, 1.0, 2.0, 3.7])
def test_an_exact_power_is_found(power):
    assert exponent([1, 2, 3, 10], [5 * x**power for x in (1, 2, 3, 10)]) == pytest.approx(power, abs=1e-9)


def test_what_cannot_be_fitted_has_no_exponent():
    assert exponent([1.0], [2.0]) is None
    assert exponent([1.0, 1.0], [2.0, 3.0]) is None
    assert exponent([None, None], [2.0, 3.0]) is None
    assert exponent([1.0, 2.0, 3.0], [None, None, None]) is None


def test_a_list_is_as_large_as_its_sum_and_a_word_has_no_size():
    assert (size([1, 2, 3]), size(0.5), size("batch"), size(True)) == (6.0, 0.5, None, None)


@settings(max_examples=200)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=60), st.integers(1, 20_000))
def test_no_whole_number_is_nearer_than_the_one_found(steps, target):
    counts = [sum(steps[: n + 1]) for n in range(len(steps))]

    def count(number: int) -> int:
        if number > len(counts):
            raise ModelError("too deep")
        return counts[number - 1]

    found = fit_whole(count, target)
    assert abs(count(found) - target) == min(abs(one - target) for one in counts)


def test_whole_numbers_that_a_network_does_not_take_are_passed_over():
    def count(depth: int) -> int:
        if depth % 6 != 4 or depth < 10:
            raise ModelError("6n + 4")
        return 1000 * depth

    assert fit_whole(count, 21_000) == 22
    assert fit_whole(count, 1) == 10
    assert fit_whole(count, 100_000) == 100


def test_an_error_that_has_nothing_to_do_with_the_number_is_told():
    def count(depth: int) -> int:
        raise ModelError("no such norm")

    with pytest.raises(ModelError, match="no such norm"):
        fit_whole(count, 10)


@settings(max_examples=100)
@given(st.integers(2, 300), st.integers(300, 3_000_000))
def test_no_factor_on_a_fine_grid_is_nearer_than_the_one_found(channels, target):
    def count(factor: float) -> int:
        width = max(1, round(channels * factor))
        return 9 * width * width + 10 * width

    found = abs(count(fit_factor(count, target)) - target)
    assert all(found <= abs(count(step / 50) - target) for step in range(1, 2000))


def test_a_factor_is_told_with_no_more_decimals_than_it_needs():
    assert fit_factor(lambda factor: round(100 * factor), 250) == 2.5
    assert fit_factor(lambda factor: round(100 * factor), 100) == 1


def test_factors_that_a_network_does_not_take_are_passed_over():
    def count(factor: float) -> int:
        channels = round(384 * factor)
        if channels % 6 or not channels:
            raise ModelError("not to be shared among 6 heads")
        return 100 * channels * channels

    wanted = [100 * channels * channels for channels in range(6, 6 * 500, 6)]
    for target in (1, 500_000, 14_745_600, 20_000_000):
        found = count(fit_factor(count, target))
        assert abs(found - target) == min(abs(one - target) for one in wanted)


def test_an_error_that_has_nothing_to_do_with_the_factor_is_told():
    def count(factor: float) -> int:
        raise ModelError("no such norm")

    with pytest.raises(ModelError, match="no such norm"):
        fit_factor(count, 10)


def test_no_factor_is_counted_twice_because_large_networks_take_long_to_count():
    asked = []

    def count(factor: float) -> int:
        asked.append(factor)
        return round(1000 * factor) ** 2

    fit_factor(count, 12_345_678)
    assert len(asked) == len(set(asked)) < 50


@settings(max_examples=50)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=3), st.integers(1, 200_000))
def test_a_list_is_scaled_as_a_whole_to_the_nearest_size(start, target):
    found = sum(fit(sum, start, target))
    assert all(abs(found - target) <= abs(sum(scaled(start, step / 50)) - target) for step in range(1, 2000))


def test_the_kind_of_value_that_is_fitted_is_the_kind_that_there_was():
    assert fit(lambda depth: 10 * depth, 3, 52) == 5
    assert fit(lambda width: round(10 * width), 1.0, 52) == 5.2
    assert fit(sum, [10, 20], 60) == [20, 40]


def test_options_that_decide_no_size_are_left_out():
    known = {"width": 1.0, "blocks": [2, 2], "hidden": [], "dropout": 0.1, "norm": "none", "bias": True, "depth": 3}
    assert sizing(known) == ["blocks", "depth", "width"]


def test_networks_are_measured_as_long_as_they_fit_into_memory_together(monkeypatch):
    monkeypatch.setattr("ablab.arithmetic.grow.MOST_PARAMETERS", 28 * 4 + 37 * 4)
    points = grow(stack, [4, 4, 8], (3, 8, 8), measure=True)
    assert [point.seconds is None for point in points] == [False, True, True]

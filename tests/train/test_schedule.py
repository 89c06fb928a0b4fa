"""Learning rates against PyTorch's own schedulers, and what every schedule promises."""

import itertools
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from ablab.errors import RecipeError
from ablab.train.schedule import lr_at, onecycle

STEPS = 37


def of_torch(make, steps=STEPS):
    """The learning rates that PyTorch's scheduler gives to as many steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def ours(text, warmup=0.0):
    return [lr_at(text, 0.3, step, STEPS, warmup) for step in range(STEPS)]


def test_cosine_is_the_cosine_annealing_of_pytorch():
    assert ours("cosine") == pytest.approx(of_torch(lambda o: CosineAnnealingLR(o, T_max=STEPS)))


def test_cosine_with_an_end_is_the_one_with_eta_min():
    expected = of_torch(lambda o: CosineAnnealingLR(o, T_max=STEPS, eta_min=0.03))
    assert ours("cosine(end=0.1)") == pytest.approx(expected)


def test_linear_is_the_linear_schedule_of_pytorch():
    expected = of_torch(lambda o: LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=STEPS))
    assert ours("linear(end=0.2)") == pytest.approx(expected)


def test_step_is_the_step_schedule_of_pytorch():
    rates = [lr_at("step(every=0.25, factor=0.5)", 0.3, at, 40) for at in range(40)]
    assert rates == pytest.approx(of_torch(lambda o: StepLR(o, step_size=10, gamma=0.5), 40))


def test_multistep_is_the_one_of_pytorch():
    rates = [lr_at("multistep", 0.3, at, 40) for at in range(40)]
    assert rates == pytest.approx(of_torch(lambda o: MultiStepLR(o, milestones=[20, 30], gamma=0.1), 40))


def test_warm_up_is_a_linear_rise_and_the_schedule_takes_the_rest():
    rates = ours("cosine", warmup=5)
    assert rates[:5] == pytest.approx(of_torch(lambda o: LinearLR(o, start_factor=1 / 5, total_iters=4), 5))
    assert rates[5:] == pytest.approx(of_torch(lambda o: CosineAnnealingLR(o, T_max=STEPS - 5), STEPS - 5))


def test_constant_stays():
    assert ours("constant") == [0.3] * STEPS


@given(
    st.sampled_from(["constant", "linear", "cosine", "cosine(end=0.5)", "step", "multistep(factor=0.5)"]),
    st.integers(1, 500),
    st.floats(0, 0.99),
)
def test_it_rises_to_the_peak_and_never_again(schedule, steps, warm):
    warmup = warm * steps
    rates = [lr_at(schedule, 1.0, step, steps, warmup) for step in range(steps)]
    top = rates.index(max(rates))
    assert top <= warmup
    assert all(a <= b for a, b in itertools.pairwise(rates[: top + 1]))
    assert all(a >= b for a, b in itertools.pairwise(rates[top:]))
    assert 0 < rates[-1] <= max(rates) <= 1.0


def test_a_step_after_no_time_is_refused():
    with pytest.raises(RecipeError, match="every = 0 must be above 0"):
        lr_at("step(every=0)", 0.1, 0, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cosin", 'no schedule is called "cosin": did you mean "cosine"'),
        ("cosine(0.1, 0.2)", "cosine takes at most 1 argument .end.; 2 given"),
        ("cosine(ends=0.1)", 'no option is called "ends": did you mean "end"'),
        ("cosine(end=2)", "end = 2 must be from 0 to 1"),
        ("linear(end=true)", "end = true must be a number"),
    ],
)
def test_a_wrong_schedule_is_refused_with_what_to_write(text, message):
    with pytest.raises(RecipeError, match=message):
        lr_at(text, 0.1, 0, 10)


def test_onecycle_is_the_one_of_pytorch():
    def make(optimizer):
        return OneCycleLR(optimizer, max_lr=0.3, total_steps=STEPS, div_factor=25, final_div_factor=1e9)

    expected = of_torch(make)
    # PyTorch counts from the first step to the last, we from the start of the first to the end of the last.
    rise = (0.3 * STEPS - 1) / (STEPS - 1)
    rates = [0.3 * onecycle(at / (STEPS - 1), rise=rise) for at in range(STEPS)]
    assert rates == pytest.approx(expected, abs=1e-8)


def test_plateau_is_the_one_of_pytorch():
    losses = [2.0, 1.5, 1.4, 1.45, 1.41, 1.42, 1.43, 1.39, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    expected = []
    for loss in losses:
        expected.append(optimizer.param_groups[0]["lr"])
        scheduler.step(loss)
    text = "plateau(factor=0.5, patience=2)"
    assert [lr_at(text, 0.3, at, 100, 0, losses[:at]) for at in range(len(losses))] == pytest.approx(expected)
    assert len(set(expected)) > 2


def test_triangle_rises_and_falls_in_straight_lines():
    rates = [lr_at("triangle(rise=0.25, start=0.2, end=0.1)", 2.0, at, 20) for at in range(21)]
    assert (rates[0], rates[5], rates[20]) == pytest.approx((0.4, 2.0, 0.2))
    rises, falls = {round(b - a, 9) for a, b in pairwise(rates[:6])}, {round(b - a, 9) for a, b in pairwise(rates[5:])}
    assert (rises, falls) == ({0.32}, {-0.12})

"""Main effects and interactions of a grid, against least squares."""

import numpy as np
import pytest

from ablab.statistics.sequential import multipliers
from ablab.study import Study, plan
from ablab.study.factorial import cells, contrasts
from sample_runs import sample_run

TEXT = """question = "?"
lr = 0.01
epochs = 2
[grid]
norm = ["none", "batch"]
lr = [0.01, 0.1, 1.0]
[decide]
margin = 0.5
seeds = "3..6"
"""


def runs_of(study, accuracy, seeds=4):
    return [sample_run(seed, accuracy(recipe, seed), recipe) for recipe in study.recipes for seed in range(seeds)]


def accuracy(recipe, seed):
    full = recipe.full()
    norm, lr = full["norm"] == "batch", {0.01: 0, 0.1: 1, 1.0: 2}[full["lr"]]
    noise = 0.0007 * ((7 * seed + 3 * norm + 5 * lr) % 5)
    return 0.60 + 0.02 * norm + 0.01 * (lr == 1) - 0.05 * (lr == 2) + 0.03 * (norm and lr == 2) + 0.01 * seed + noise


@pytest.fixture
def study():
    return Study.from_toml(TEXT, "s.toml")


def test_effects_are_those_of_least_squares_with_sum_coding(study):
    """Means of cells differences equal ordinary least squares on the cell means."""
    found = {one.name: one.effect for one in contrasts(plan(study, "fingerprint"), runs_of(study, accuracy))}
    mean = {}
    for recipe in study.recipes:
        full = recipe.full()
        mean[full["norm"], full["lr"]] = 100 * np.mean([accuracy(recipe, seed) for seed in range(4)])
    on = {lr: mean["batch", lr] - mean["none", lr] for lr in (0.01, 0.1, 1.0)}
    assert found["norm: batch instead of none"] == pytest.approx(np.mean(list(on.values())))
    assert found["lr: 1.0 instead of 0.01"] == pytest.approx(
        np.mean([mean[norm, 1.0] - mean[norm, 0.01] for norm in ("none", "batch")])
    )
    assert found["norm=batch x lr=1.0"] == pytest.approx(on[1.0] - on[0.01])
    assert len(found) == 1 + 2 + 2


def test_a_contrast_is_never_narrower_than_the_rounding_of_its_cells(study):
    """With 200 test images an accuracy moves by half a point: equal differences are no proof of equal runs."""
    flat = runs_of(study, lambda recipe, seed: 0.60 + 0.02 * (recipe.full()["norm"] == "batch"), seeds=6)
    found = {one.name: one for one in contrasts(plan(study, "fingerprint"), flat)}
    main, interaction = found["norm: batch instead of none"], found["norm=batch x lr=0.1"]
    factor = multipliers(3, 6, 0.05 / len(found))[6]
    # rounding to a step g has variance g^2 / 12 in each cell: here six cells by a third, and four cells by one
    for one, cells_squared in ((main, 6 / 9), (interaction, 4)):
        half = factor * (100 / 200) * np.sqrt(cells_squared / 12) / np.sqrt(6)
        assert (one.high - one.low) / 2 == pytest.approx(half)


def test_a_planted_interaction_is_told_and_an_absent_one_is_not(study):
    found = {one.name: one for one in contrasts(plan(study, "fingerprint"), runs_of(study, accuracy, seeds=6))}
    planted, absent = found["norm=batch x lr=1.0"], found["norm=batch x lr=0.1"]
    assert planted.low > 0
    assert "together their effect is more than the sum of both" in planted.sentence
    assert absent.low < 0 < absent.high
    assert "no clear interaction" in absent.sentence


def test_only_seeds_that_all_cells_have_count_and_fewer_than_the_least_say_nothing(study):
    runs = runs_of(study, accuracy, seeds=5)
    assert {one.pairs for one in contrasts(plan(study, "fingerprint"), runs[:-1])} == {4}
    assert contrasts(plan(study, "fingerprint"), runs_of(study, accuracy, seeds=2)) == ()


def test_a_study_without_a_grid_or_whose_base_is_no_cell_has_no_contrasts():
    plain = Study.from_toml('question = "?"\n[variants]\na = "norm=batch"\n', "s.toml")
    assert contrasts(plan(plain, "fingerprint"), runs_of(plain, lambda recipe, seed: 0.5 + seed / 100)) == ()
    outside = Study.from_toml(TEXT.replace("lr = 0.01\n", "lr = 0.05\n", 1), "s.toml")
    assert outside.grid == ()


def test_three_factors_have_their_interactions_two_at_a_time():
    study = Study.from_toml(TEXT.replace("[decide]", "width = [1.0, 2.0]\n[decide]"), "s.toml")
    assert len(cells(study.grid)) == 12
    found = contrasts(plan(study, "fingerprint"), runs_of(study, accuracy))
    kinds = [one.kind for one in found]
    assert (kinds.count("main effect"), kinds.count("interaction")) == (1 + 2 + 1, 2 + 1 + 2)
    width = next(one for one in found if one.name.startswith("width"))
    assert width.effect == pytest.approx(0, abs=1e-9)


def test_runs_of_other_data_and_runs_that_broke_down_are_no_part_of_a_contrast(study):
    runs, planned = runs_of(study, accuracy), plan(study, "fingerprint")
    broken = sample_run(4, 0.0, study.base, status="diverged", test=None)
    other = plan(study, "another").most[0]
    stranger = sample_run(other.seed, 0.99, other.recipe, spec=other)
    assert contrasts(planned, [stranger, *runs, broken]) == contrasts(planned, runs)


def test_a_look_that_can_exclude_nothing_shows_no_contrasts(study):
    open_ended = Study.from_toml(TEXT.replace("3..6", "3.."), "s.toml")
    factor = plan(open_ended, "fingerprint").protocol.multipliers(*open_ended.rule.seeds, 0.01)[3]
    assert np.isinf(factor)
    assert contrasts(plan(open_ended, "fingerprint"), runs_of(open_ended, accuracy, seeds=3)) == ()
